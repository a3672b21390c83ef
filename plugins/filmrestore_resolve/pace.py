"""Pace: how far a job is, how fast, and how long it will take."""

from __future__ import annotations

import time
from typing import Any


class Pace:
    """Counts frames; only rendered ones tell the speed."""

    def __init__(self) -> None:
        self.done = 0
        self.total = 0
        self._rendered = 0
        self._seconds = 0.0
        self._last = time.monotonic()

    def expect(self, total: int) -> None:
        """Name the frames of the whole job; time counts from here."""
        self.total = total
        self._last = time.monotonic()

    def step(self, *, rendered: bool) -> None:
        """One frame is finished; not rendered where it was there already or failed."""
        now = time.monotonic()
        self.done += 1
        if rendered:
            self._rendered += 1
            self._seconds += now - self._last
        self._last = now

    def skip(self, frames: int) -> None:
        """Frames of a shot that ended without them count as dealt with."""
        self.total = max(self.done, self.total - max(frames, 0))

    def to_json(self) -> dict[str, Any]:
        """As the status document has it."""
        speed = self._rendered / self._seconds if self._seconds > 0 else None
        left = None if speed is None else (self.total - self.done) / speed
        return {
            "done": self.done,
            "total": self.total,
            "percent": round(100 * self.done / self.total, 2) if self.total else 0.0,
            "frames_per_second": None if speed is None else round(speed, 3),
            "seconds_left": None if left is None else round(left, 1),
        }
