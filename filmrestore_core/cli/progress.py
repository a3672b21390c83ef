"""What a run says while it works: a bar for people, JSON lines for machines, or nothing."""

from __future__ import annotations

import json
import sys
import time
from enum import StrEnum
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from filmrestore_core.restore.sequence import FrameDone


class ProgressStyle(StrEnum):
    """How progress is shown."""

    PLAIN = "plain"
    JSON = "json"
    NONE = "none"


class Listener(Protocol):
    """Called once a frame, in order; entered around the run."""

    def __enter__(self) -> Listener: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def __call__(self, step: FrameDone) -> None:
        """Take note of one finished frame."""
        ...


def listener(style: ProgressStyle, console: Console, total: int) -> Listener:
    """The listener of a style. On no terminal, plain gives a line for each frame instead."""
    if style is ProgressStyle.JSON:
        return _JsonLines(total)
    if style is ProgressStyle.NONE:
        return _Silent()
    return _Bar(console, total) if console.is_terminal else _Lines(console)


class _Silent:
    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __call__(self, step: FrameDone) -> None:
        """Say nothing."""


class _JsonLines(_Silent):
    """One JSON object a line on standard output: {"event": "frame", "frame": 1001, ...}."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._start = time.monotonic()

    def __enter__(self) -> Listener:
        self._say({"event": "start", "total": self._total})
        return self

    def __call__(self, step: FrameDone) -> None:
        seconds = time.monotonic() - self._start
        values: dict[str, object] = {
            "event": "frame",
            "frame": step.number,
            "done": step.done,
            "total": step.total,
            "percent": round(100 * step.done / max(step.total, 1), 2),
            "status": "failed" if step.error else ("resumed" if step.resumed else "done"),
            "seconds": round(seconds, 3),
            "seconds_left": round(seconds / step.done * (step.total - step.done), 1),
        }
        if step.report is not None:
            values["pieces"] = len(step.report.defects)
            values["repaired_px"] = step.report.repaired
        if step.error is not None:
            values["error"] = str(step.error)
        self._say(values)

    def _say(self, values: dict[str, object]) -> None:
        sys.stdout.write(json.dumps(values) + "\n")
        sys.stdout.flush()


class _Lines(_Silent):
    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, step: FrameDone) -> None:
        self._console.print(_sentence(step), markup=False, highlight=False, soft_wrap=True)


class _Bar(_Silent):
    def __init__(self, console: Console, total: int) -> None:
        self._total = total
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
        )
        self._task: TaskID | None = None
        self._start = time.monotonic()

    def __enter__(self) -> Listener:
        self._progress.start()
        self._task = self._progress.add_task("frames", total=self._total, speed="")
        self._start = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, step: FrameDone) -> None:
        if self._task is None:
            return
        rate = step.done / max(time.monotonic() - self._start, 1e-6)
        self._progress.update(self._task, completed=step.done, speed=f"{rate:.2f} frames/s")
        if step.error is not None:
            self._progress.console.print(_sentence(step), markup=False, highlight=False)


def _sentence(step: FrameDone) -> str:
    head = f"[{step.done}/{step.total}] frame {step.number}: "
    if step.error is not None:
        return f"{head}FAILED: {step.error}"
    if step.resumed:
        return f"{head}already there"
    if step.report is None or not step.report.covered:
        return f"{head}nothing found, unchanged"
    pieces = len(step.report.defects)
    return (
        f"{head}{pieces} piece{'s' if pieces != 1 else ''} of damage, "
        f"{step.report.repaired} px repaired"
    )
