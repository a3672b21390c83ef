"""A range of frames: clip -> Restorer -> writer; reading, computing and writing overlap."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from filmrestore_core.clip import Clip
from filmrestore_core.errors import FilmrestoreError, MediaError, Stopped, UnwritableFrameError
from filmrestore_core.framerange import FrameRange
from filmrestore_core.report import DamageReport, FailedFrame
from filmrestore_core.restore.restorer import Restored, Restorer


@dataclass(frozen=True, slots=True)
class _Outcome:
    report: DamageReport
    resumed: bool = False


class ResultSink(Protocol):
    """Where results go; called by one thread, in frame order."""

    def recorded(self, number: int) -> DamageReport | None:
        """The report of a frame that is already there whole and need not be made again."""
        ...

    def write(self, restored: Restored) -> tuple[str, ...]:
        """Write one frame whole, or raise and leave nothing; gives notes for its report.

        Raises:
            UnwritableFrameError: the output is at fault.
            LockedFrameError: this frame's kind of file cannot be written exactly.
        """
        ...


@dataclass(frozen=True, slots=True)
class FrameDone:
    """One step of progress.

    Attributes:
        number: frame number.
        done: frames finished so far, this one included.
        total: frames wanted.
        report: what was found, None where the frame failed.
        error: why it failed, None where it did not.
        resumed: True where it was there already.
    """

    number: int
    done: int
    total: int
    report: DamageReport | None
    error: FilmrestoreError | None = None
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class RangeResult:
    """The end of a run.

    Attributes:
        reports: of the frames that came out, in frame order.
        failed: frames that did not, in frame order.
        stopped: True where the run ended before its last frame.
    """

    reports: tuple[DamageReport, ...]
    failed: tuple[FailedFrame, ...]
    stopped: bool = False


def restore_range(
    clip: Clip,
    restorer: Restorer,
    sink: ResultSink,
    numbers: FrameRange,
    *,
    workers: int = 2,
    stop_on_error: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[FrameDone], None] = lambda done: None,
) -> RangeResult:
    """Restore frames one after the other; a frame that fails is listed and the others go on.

    Frames are worked on `workers` at a time and share what they have in common; the results are
    the same for any number of workers, and are written in frame order.

    Args:
        clip: the source.
        restorer: with its settings.
        sink: where results go.
        numbers: frames wanted.
        workers: frames in work at once.
        stop_on_error: end at the first frame that fails.
        should_stop: asked often; True ends the run, the frame that is being written comes out.
        progress: called once a frame, in order.

    Raises:
        UnwritableFrameError: the output is at fault (disk full, read only): going on is no use.
    """
    reports: list[DamageReport] = []
    failed: list[FailedFrame] = []
    done = 0
    ended = threading.Event()

    def stop_now() -> bool:
        return ended.is_set() or should_stop()

    with (
        ThreadPoolExecutor(workers, thread_name_prefix="restore") as pool,
        ThreadPoolExecutor(1, thread_name_prefix="write") as writer,
    ):
        try:
            for number, written in _written(
                pool, writer, clip, restorer, sink, numbers, workers, stop_now
            ):
                step = _finish(number, written, done + 1, len(numbers))
                done += 1
                if step.report is not None:
                    reports.append(step.report)
                elif step.error is not None:
                    failed.append(FailedFrame(number, str(step.error)))
                progress(step)
                if step.error is not None and stop_on_error:
                    break
        except Stopped:
            return RangeResult(tuple(reports), tuple(failed), stopped=True)
        finally:
            ended.set()
    return RangeResult(tuple(reports), tuple(failed))


def _finish(number: int, written: Future[_Outcome], done: int, total: int) -> FrameDone:
    try:
        outcome = written.result()
    except UnwritableFrameError:
        raise
    except MediaError as error:
        return FrameDone(number, done, total, None, error)
    return FrameDone(number, done, total, outcome.report, resumed=outcome.resumed)


def _written(
    pool: ThreadPoolExecutor,
    writer: ThreadPoolExecutor,
    clip: Clip,
    restorer: Restorer,
    sink: ResultSink,
    numbers: FrameRange,
    workers: int,
    should_stop: Callable[[], bool],
) -> Iterator[tuple[int, Future[_Outcome]]]:
    """Frames in order, each with its write under way; few enough at once to bound the memory."""
    waiting: deque[tuple[int, Future[_Outcome]]] = deque()

    def restore(number: int) -> Restored | DamageReport:
        if should_stop():
            raise Stopped("Stopped as asked.")
        recorded = sink.recorded(number)
        if recorded is not None:
            return recorded
        return restorer.restore(clip, number, should_stop=should_stop)

    def write(work: Future[Restored | DamageReport]) -> _Outcome:
        result = work.result()
        if isinstance(result, DamageReport):
            return _Outcome(result, resumed=True)
        if should_stop():
            raise Stopped("Stopped as asked.")
        notes = sink.write(result)
        return _Outcome(replace(result.report, notes=(*result.report.notes, *notes)))

    for number in numbers:
        # The one writer thread keeps the order; it waits for each frame's work in turn.
        waiting.append((number, writer.submit(write, pool.submit(restore, number))))
        if len(waiting) > workers:
            yield waiting.popleft()
    yield from waiting
