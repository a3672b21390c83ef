"""One run from clip to delivered frames, report and exit code: what all commands share."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from filmrestore_core.cli.exit_code import ExitCode
from filmrestore_core.cli.page import check_report, write_report
from filmrestore_core.cli.pictures import PictureBook
from filmrestore_core.cli.progress import ProgressStyle, listener
from filmrestore_core.cli.stop import StopFlag
from filmrestore_core.clip import Clip
from filmrestore_core.errors import UnwritableFrameError
from filmrestore_core.framerange import FrameRange
from filmrestore_core.report import ClipReport
from filmrestore_core.restore.restorer import Restored, Restorer
from filmrestore_core.restore.sequence import FrameDone, RangeResult, ResultSink, restore_range
from filmrestore_core.versions import versions

logger = logging.getLogger(__name__)

SinkMaker = Callable[[Callable[[Restored], None]], ResultSink]


@dataclass(frozen=True, slots=True)
class Run:
    """What to do and how to say it.

    Attributes:
        clip: the source.
        restorer: with its settings.
        numbers: frames asked for; those that the clip lacks are reported as missing.
        target: where results go, as the user wrote it.
        report: FILE.json of the report; the page stands beside it. None for none.
        style: how progress is shown.
        workers: frames in work at once; 0 for one a core.
        stop_on_error: end at the first frame that fails.
        console: where people read.
        should_stop: asked often; True ends the run as a signal does.
        progress: called once a frame, in order.
    """

    clip: Clip
    restorer: Restorer
    numbers: FrameRange
    target: str
    report: Path | None = None
    style: ProgressStyle = ProgressStyle.PLAIN
    workers: int = 0
    stop_on_error: bool = False
    console: Console = field(
        default_factory=lambda: Console(stderr=True, highlight=False, emoji=False)
    )
    should_stop: Callable[[], bool] = lambda: False
    progress: Callable[[FrameDone], None] = lambda done: None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended.

    Attributes:
        code: what the process should exit with.
        report: what was done.
        page: the report page, where one was asked for.
    """

    code: int
    report: ClipReport
    page: Path | None


def carry_out(run: Run, sink: ResultSink, book: PictureBook | None) -> Ended:
    """Restore the run's frames into a sink, say how it goes, write the report.

    Raises:
        UnwritableFrameError: the output is at fault; the report of what came out is written
            before.
    """
    if run.report is not None:
        check_report(run.report)
    there = run.numbers.intersect(run.clip.numbers)
    missing = tuple(run.numbers.without(there)) + tuple(
        n for n in there.gaps if n not in run.numbers and _inside_whole_clip(run, n)
    )
    workers = run.workers or os.cpu_count() or 1
    done: list[FrameDone] = []
    trouble: UnwritableFrameError | None = None
    notes: tuple[str, ...] = ()
    with StopFlag() as stop, listener(run.style, run.console, len(there)) as listen:

        def progress(step: FrameDone) -> None:
            done.append(step)
            listen(step)
            run.progress(step)

        try:
            result = restore_range(
                run.clip,
                run.restorer,
                sink,
                there,
                workers=workers,
                stop_on_error=run.stop_on_error,
                should_stop=lambda: stop() or run.should_stop(),
                progress=progress,
            )
            if not (result.stopped or (result.failed and run.stop_on_error)):
                notes = sink.finish()
        except UnwritableFrameError as error:
            trouble = error
            result = RangeResult(tuple(s.report for s in done if s.report is not None), ())
    report = _clip_report(run, result, missing, notes)
    page = None
    if run.report is not None:
        try:
            page = write_report(report, run.report, book.pages if book else ())
        except UnwritableFrameError as error:
            trouble = trouble or error  # the frame's fault came first, and says more
    if trouble is not None:
        raise trouble
    _summary(run, report, result, page)
    return Ended(_code(run, result, report, stop), report, page)


def _inside_whole_clip(run: Run, number: int) -> bool:
    """A gap counts as missing where the whole clip was asked for."""
    return run.numbers == run.clip.numbers and number in run.clip.numbers.gaps


def _clip_report(
    run: Run, result: RangeResult, missing: tuple[int, ...], notes: tuple[str, ...]
) -> ClipReport:
    settings = run.restorer.settings
    return ClipReport(
        source=run.clip.name,
        target=run.target,
        frames=result.reports,
        failed=result.failed,
        missing=tuple(sorted(missing)),
        settings=settings.model_dump(mode="json", by_alias=True),
        settings_digest=settings.digest(),
        versions=versions(),
        notes=notes,
    )


def _code(run: Run, result: RangeResult, report: ClipReport, stop: StopFlag) -> int:
    if result.stopped:
        return stop.exit_code
    if result.failed and run.stop_on_error:
        return ExitCode.FAILED
    if result.failed or report.missing:
        return ExitCode.SOME_FRAMES_FAILED
    return ExitCode.DONE


def _summary(run: Run, report: ClipReport, result: RangeResult, page: Path | None) -> None:
    if run.style is not ProgressStyle.PLAIN:
        return

    def say(text: str) -> None:
        run.console.print(text, markup=False, soft_wrap=True)

    damaged = sum(1 for f in report.frames if f.covered)
    found = ", ".join(f"{t.count} {c}" for c, t in report.totals.items()) or "no damage"
    repaired = sum(f.repaired for f in report.frames)
    say(
        f"{len(report.frames)} frames done, {damaged} with damage ({found}), "
        f"{repaired} pixels repaired."
    )
    if report.missing:
        say(f"Not in the clip: frames {FrameRange(report.missing).format()}.")
    for failure in result.failed:
        say(f"Frame {failure.number} did not come out: {failure.reason}")
    for note in dict.fromkeys(n for f in report.frames for n in f.notes):
        say(f"Note: {note}")
    for note in report.notes:
        say(f"Note: {note}")
    if result.stopped:
        say("Stopped; the same command goes on from here.")
    say(f"Result: {run.target}")
    if page is not None:
        say(f"Report: {page}")
