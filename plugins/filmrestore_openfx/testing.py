"""MemoryHost: a strict host in memory, for tests of the node's logic without any shim."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from filmrestore_core import Stopped
from filmrestore_openfx.host_types import (
    CHANNELS,
    DTYPES,
    Bounds,
    ClipState,
    ImageFacts,
    Missing,
    OutputFacts,
    Pixels,
)


@dataclass(frozen=True, slots=True, eq=False)
class HostPicture:
    """A picture of a host's clip.

    Attributes:
        pixels: (H, W, C), top row first.
        corner: x1, y1 of its bounds.
        premult: the standard's word in this protocol's spelling.
        scale: render scale.
    """

    pixels: Pixels
    corner: tuple[int, int] = (0, 0)
    premult: str = "premultiplied"
    scale: float = 1.0

    @property
    def facts(self) -> ImageFacts:
        """As the shim would say them."""
        height, width, count = self.pixels.shape
        x, y = self.corner
        depth = next(word for word, dtype in DTYPES.items() if dtype == self.pixels.dtype)
        components = next(word for word, names in CHANNELS.items() if len(names) == count)
        bounds = (x, y, x + width, y + height)
        said = f"{bounds}{depth}{components}{self.premult}".encode()
        content = np.ascontiguousarray(self.pixels).tobytes()
        key = hashlib.blake2b(said + content, digest_size=16).hexdigest()
        return ImageFacts(key, bounds, depth, components, self.premult, (self.scale, self.scale))


@dataclass(slots=True, eq=False)
class MemoryHost:
    """Clips by name and time; refuses what the standard forbids.

    Attributes:
        clips: name -> time -> picture.
        values: parameters; what is absent cannot be read.
        window: render window; None for Source's bounds at the time.
        time: of the action.
        temporal: whether other times may be asked for.
        frozen: gives the picture of `time` for every time.
        color_space: of Source.
        abort_after: aborts from the so-many-th question on; None never.
        asked: (clip, time) of every picture that was asked for.
        answers: out-arguments.
        set_values: parameters that were set.
        messages: (kind, text) shown.
        result: what was written; None before.
        copied: True where the result is a clip's picture.
    """

    clips: Mapping[str, Mapping[float, HostPicture]]
    values: Mapping[str, Any] = field(default_factory=dict)
    window: Bounds | None = None
    time: float = 0.0
    temporal: bool = True
    frozen: bool = False
    color_space: str = ""
    abort_after: int | None = None
    asked: list[tuple[str, float]] = field(default_factory=list)
    sent: int = 0
    answers: dict[tuple[str, int], Any] = field(default_factory=dict)
    set_values: dict[str, Any] = field(default_factory=dict)
    messages: list[tuple[str, str]] = field(default_factory=list)
    result: Pixels | None = None
    copied: bool = False
    _open: HostPicture | None = None
    _questions: int = 0

    def params(self, time: float) -> Mapping[str, Any]:
        """All parameters."""
        self._question()
        return dict(self.values)

    def clip(self, name: str) -> ClipState:
        """An input's state."""
        self._question()
        pictures = self.clips.get(name)
        if pictures is None:
            return ClipState(connected=False)
        span = (min(pictures), max(pictures)) if pictures else None
        return ClipState(True, span, self.color_space if name == "Source" else "")

    def image(self, clip: str, time: float) -> ImageFacts | Missing:
        """Open a picture."""
        self._question()
        if time != self.time and not self.temporal:
            raise AssertionError(f"{clip} was asked for {time} without temporal access")
        self.asked.append((clip, time))
        found = self.clips[clip].get(self.time if self.frozen else time)
        if found is None:
            return Missing("missing")
        self._open = found
        return found.facts

    def pixels(self, facts: ImageFacts) -> Pixels:
        """The open picture's samples."""
        self._question()
        if self._open is None or self._open.facts.key != facts.key:
            raise AssertionError("pixels of a picture that is not open")
        self.sent += 1
        return self._open.pixels

    def output(self) -> OutputFacts:
        """What must be filled."""
        self._question()
        center = self.clips["Source"].get(self.time)
        if center is None:
            return OutputFacts("float", "rgba", self.window or (0, 0, 8, 8))
        facts = center.facts
        return OutputFacts(facts.depth, facts.components, self.window or facts.bounds)

    def canvas(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> Pixels:
        """An array full of what nobody may leave in it."""
        return np.full(shape, 77, dtype)

    def write(self, canvas: Pixels, box: Bounds) -> None:
        """Take the result."""
        self._question()
        if box != self.output().target:
            raise AssertionError(f"{box} was written, {self.output().target} was wanted")
        self.result = canvas.copy()

    def copy(self, clip: str, time: float) -> bool:
        """Take a clip's picture."""
        self._question()
        found = self.clips[clip].get(time)
        if found is None:
            return False
        x1, y1, x2, y2 = self.output().target
        left, top = x1 - found.facts.bounds[0], found.facts.bounds[3] - y2
        self.result = found.pixels[top : top + y2 - y1, left : left + x2 - x1].copy()
        self.copied = True
        return True

    def answer(self, kind: str, name: str, index: int, value: Any) -> None:
        """Take an out-argument."""
        self.answers[name, index] = value

    def set_param(self, name: str, value: Any) -> None:
        """Take a parameter's value."""
        self.set_values[name] = value

    def aborted(self) -> bool:
        """Whether the host gave up."""
        return self.abort_after is not None and self._questions >= self.abort_after

    def message(self, kind: str, text: str) -> None:
        """Take a message."""
        self.messages.append((kind, text))

    def clear_message(self) -> None:
        """Take the message away."""
        self.messages.append(("cleared", ""))

    def _question(self) -> None:
        self._questions += 1
        if self.aborted():
            raise Stopped("the host gave up")
