"""One shot rendered: the same delivery as the command line's, into the shot's own folder."""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from filmrestore_core import (
    Device,
    FilmrestoreError,
    FrameDone,
    Plan,
    ProgressStyle,
    RestoreSettings,
    SequencePattern,
    UnwritableFrameError,
    deliver,
)
from filmrestore_resolve.job import Job
from filmrestore_resolve.shot_result import Files, How, ShotResult, ShotState
from filmrestore_resolve.shot_source import ShotSource

REPORT = "report.json"
MATTES = "matte"
MOVIE_PADDING = 6

_DISK_FULL = frozenset(
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT") if hasattr(errno, name)
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class ShotPlan:
    """A shot that is ready to be rendered.

    Attributes:
        source: its media.
        folder: where its result goes.
        settings: what changes pixels.
        job: the job it belongs to.
    """

    source: ShotSource
    folder: Path
    settings: RestoreSettings
    job: Job

    @property
    def files(self) -> Files:
        """The pictures it gives."""
        numbers = self.source.numbers
        if self.source.pattern is not None:
            pattern = replace(self.source.pattern, folder=self.folder, frames=None)
        else:
            stem = Path(self.source.shot.source.path).stem
            ending = f".{self.job.output.movie_frames}"
            pattern = SequencePattern(self.folder, f"{stem}.", MOVIE_PADDING, ending)
        return Files(pattern, numbers.first, numbers.last)

    @property
    def mattes(self) -> Files | None:
        """The mattes it gives; None where none are wanted."""
        if not self.job.output.matte:
            return None
        files = self.files
        pattern = replace(files.pattern, folder=self.folder / MATTES)
        if pattern.width is None:
            pattern = replace(pattern, prefix=f"{os.path.splitext(pattern.prefix)[0]}.png")
        else:
            pattern = replace(pattern, suffix=f"{pattern.suffix.rpartition('.')[0]}.png")
        return replace(files, pattern=pattern)

    def plan(self) -> Plan:
        """What the core is asked for."""
        source, output, machine = self.source, self.job.output, self.job.machine
        target = f"{self.folder}{os.sep}" if source.pattern is not None else self.files.pattern.text
        return Plan(
            input=source.shot.source.path,
            output=target,
            settings=self.settings,
            frames=source.numbers.format(),
            matte_out=f"{self.folder / MATTES}{os.sep}" if output.matte else None,
            matte_channel=output.matte_channel,
            report=None if self._is_reported() else self.folder / REPORT,
            keep_compression=output.keep_compression,
            style=ProgressStyle.NONE,
            workers=machine.workers,
            memory_gb=machine.memory_gb,
            device=Device(machine.device.lower()),
            models=None if machine.models is None else Path(machine.models),
            pictures=output.pictures,
        )

    def _is_reported(self) -> bool:
        """True where a whole report is there: a run that renders nothing has no pictures for it."""
        try:
            values = json.loads((self.folder / REPORT).read_text("utf-8"))
            frames = [frame["frame"] for frame in values["frames"]]
        except (OSError, ValueError, KeyError, TypeError):
            return False
        page = (self.folder / REPORT).with_suffix(".html")
        return page.exists() and frames == list(self.source.numbers)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The end of a shot.

    Attributes:
        result: what came of it.
        stopped_by: exit code of the signal that ended it; 0 where none did.
        disk_full: True where its disk takes no more.
    """

    result: ShotResult
    stopped_by: int = 0
    disk_full: bool = False


def render_shot(
    ready: ShotPlan,
    *,
    should_stop: Callable[[], bool],
    progress: Callable[[FrameDone], None],
) -> Rendered:
    """Render a shot; whatever goes wrong is told in the result.

    Args:
        ready: the shot.
        should_stop: asked often.
        progress: called once a frame, in order.
    """
    steps: list[FrameDone] = []
    missing = tuple(ready.source.numbers.without(ready.source.clip.numbers))

    def listen(step: FrameDone) -> None:
        steps.append(step)
        if step.error is not None:
            logger.error("%s: %s", ready.source.shot.title, step.error)
        progress(step)

    def told(state: ShotState, message: str = "", notes: tuple[str, ...] = ()) -> ShotResult:
        return _result(ready, state, message, steps, missing, notes)

    try:
        ended = deliver(
            ready.plan(), clip=ready.source.clip, should_stop=should_stop, progress=listen
        )
    except UnwritableFrameError as error:
        full = error.errno in _DISK_FULL
        message = f"The disk is full. {error}" if full else str(error)
        logger.error("%s: %s", ready.source.shot.title, message)
        return Rendered(told(_broken(steps), message), disk_full=full)
    except FilmrestoreError as error:
        logger.error("%s: %s", ready.source.shot.title, error)
        return Rendered(told(_broken(steps), str(error)))
    except (OSError, MemoryError) as error:
        what = getattr(error, "strerror", None) or str(error) or type(error).__name__
        full = getattr(error, "errno", None) in _DISK_FULL
        logger.exception("%s", ready.source.shot.title)
        return Rendered(told(_broken(steps), f"{what}."), disk_full=full)
    except Exception as error:  # one shot's fault must not cost the others
        logger.exception("%s", ready.source.shot.title)
        what = f"{type(error).__name__}: {error}"
        return Rendered(told(_broken(steps), f"A fault in this program ({what})."))
    whole = {step.number for step in steps if step.report is not None}
    if ended.code >= 128:
        cancelled = told(ShotState.CANCELLED, "Cancelled; finished frames stay.")
        return Rendered(cancelled, stopped_by=0 if should_stop() else ended.code)
    done = whole == set(ready.source.numbers)
    state = ShotState.DONE if done else ShotState.INCOMPLETE if whole else ShotState.FAILED
    message = "" if done else _first_error(steps, missing)
    return Rendered(told(state, message, ended.report.notes))


def _broken(steps: list[FrameDone]) -> ShotState:
    came_out = any(step.report is not None for step in steps)
    return ShotState.INCOMPLETE if came_out else ShotState.FAILED


def _first_error(steps: list[FrameDone], missing: tuple[int, ...]) -> str:
    said = next((str(s.error) for s in steps if s.error is not None), None)
    if said is not None:
        return said
    return f"The media lacks frame {missing[0]}." if missing else "No frame came out."


def _result(
    ready: ShotPlan,
    state: ShotState,
    message: str,
    steps: list[FrameDone],
    missing: tuple[int, ...],
    notes: tuple[str, ...],
) -> ShotResult:
    reports = [step.report for step in steps if step.report is not None]
    reused = sum(1 for step in steps if step.resumed)
    errors = {step.number: str(step.error) for step in steps if step.error is not None}
    errors |= {n: f"The media lacks frame {n}." for n in missing}
    how = None
    if reports:
        how = How.REUSED if reused == len(reports) else How.RENDERED
    report = ready.folder / REPORT
    return ShotResult(
        ready.source.shot,
        state,
        how=how,
        message=message,
        files=ready.files if reports else None,
        matte=ready.mattes if reports else None,
        handles=ready.source.handles,
        reports=sorted(reports, key=lambda r: r.number),
        reused=reused,
        errors=errors,
        missing=missing,
        notes=(*notes, *dict.fromkeys(note for r in reports for note in r.notes)),
        report=report if report.exists() else None,
    )
