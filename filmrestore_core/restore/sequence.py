"""A range of frames: clip -> Restorer -> writer; reading, computing and writing overlap."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from filmrestore_core.clip import Clip
from filmrestore_core.errors import FilmrestoreError, MediaError, Stopped, UnwritableFrameError
from filmrestore_core.framerange import FrameRange
from filmrestore_core.report import DamageReport, FailedFrame
from filmrestore_core.restore.restorer import Restored, Restorer

logger = logging.getLogger(__name__)

_LONGEST_WAIT_S = 2.0


class Claimed(StrEnum):
    """What a sink says of a frame before it is made."""

    MAKE = "make"  # it is to be made now
    DONE = "done"  # it is there, whole and up to date
    BUSY = "busy"  # another process is making it


class ResultSink(Protocol):
    """Where results go. Frames are claimed by any thread and written by one, in order."""

    def claim(self, number: int) -> Claimed:
        """Ask for a frame; MAKE must be followed by `write` or `release`.

        Raises:
            UnwritableFrameError: the output is at fault.
        """
        ...

    def recorded(self, number: int) -> DamageReport:
        """The report of a frame that is DONE."""
        ...

    def write(self, restored: Restored) -> DamageReport:
        """Write one frame whole, or raise and leave nothing; gives its report.

        Raises:
            UnwritableFrameError: the output is at fault.
            MediaError: this frame cannot be written exactly.
        """
        ...

    def release(self, number: int) -> None:
        """Give a claimed frame back that will not be written."""
        ...

    def finish(self) -> tuple[str, ...]:
        """Make what needs all frames, a movie; gives what the user should know of the whole.

        Raises:
            UnwritableFrameError: it did not come out; what is done stays for the next run.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Outcome:
    report: DamageReport
    resumed: bool = False


class _Busy(Exception):
    """Another process has the frame."""


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
    reports: dict[int, DamageReport] = {}
    failed: list[FailedFrame] = []
    ended = threading.Event()
    todo, wait = numbers, 0.0

    def stop_now() -> bool:
        return ended.is_set() or should_stop()

    with (
        ThreadPoolExecutor(workers, thread_name_prefix="restore") as pool,
        ThreadPoolExecutor(1, thread_name_prefix="write") as writer,
    ):
        try:
            while todo:
                busy = []
                work = _Work(clip, restorer, sink, stop_now)
                for number, written in work.in_order(pool, writer, todo, workers):
                    step = _finish(number, written, len(reports) + len(failed) + 1, len(numbers))
                    if step is None:
                        busy.append(number)
                        continue
                    if step.report is not None:
                        reports[number] = step.report
                    else:
                        failed.append(FailedFrame(number, str(step.error)))
                    progress(step)
                    if step.error is not None and stop_on_error:
                        return _result(reports, failed)
                # Another process makes these: see that they come out, or make them if it dies.
                wait = 0.0 if len(busy) < len(todo) else min(wait + 0.1, _LONGEST_WAIT_S)
                todo = FrameRange(busy)
                if todo and wait:
                    time.sleep(wait)
        except Stopped:
            return _result(reports, failed, stopped=True)
        finally:
            ended.set()
    return _result(reports, failed)


def _result(
    reports: dict[int, DamageReport], failed: list[FailedFrame], *, stopped: bool = False
) -> RangeResult:
    in_order = tuple(reports[n] for n in sorted(reports))
    return RangeResult(in_order, tuple(sorted(failed, key=lambda f: f.number)), stopped)


def _finish(number: int, written: Future[_Outcome], done: int, total: int) -> FrameDone | None:
    """The step that a frame's work ended in; None where another process has the frame."""
    try:
        outcome = written.result()
    except _Busy:
        return None
    except UnwritableFrameError:
        raise
    except MediaError as error:
        return FrameDone(number, done, total, None, error)
    except (Stopped, MemoryError):
        raise
    except Exception as error:  # a fault of ours in one frame must not cost the night's others
        logger.debug("frame %d", number, exc_info=True)
        what = f"{type(error).__name__}: {error}"
        mine = FilmrestoreError(f"Frame {number} met a fault in this program ({what}).")
        return FrameDone(number, done, total, None, mine)
    return FrameDone(number, done, total, outcome.report, resumed=outcome.resumed)


class _Work:
    """Restoring in several threads, writing in one, in order."""

    def __init__(
        self, clip: Clip, restorer: Restorer, sink: ResultSink, should_stop: Callable[[], bool]
    ) -> None:
        self._clip = clip
        self._restorer = restorer
        self._sink = sink
        self._should_stop = should_stop

    def in_order(
        self,
        pool: ThreadPoolExecutor,
        writer: ThreadPoolExecutor,
        numbers: FrameRange,
        workers: int,
    ) -> Iterator[tuple[int, Future[_Outcome]]]:
        """Frames in order, each with its write under way; few at once, to bound the memory."""
        waiting: deque[tuple[int, Future[_Outcome]]] = deque()
        for number in numbers:
            # The one writer thread keeps the order; it waits for each frame's work in turn.
            restored = pool.submit(self._restore, number)
            waiting.append((number, writer.submit(self._write, number, restored)))
            if len(waiting) > workers:
                yield waiting.popleft()
        yield from waiting

    def _restore(self, number: int) -> Restored | DamageReport:
        self._check()
        claimed = self._sink.claim(number)
        if claimed is Claimed.DONE:
            return self._sink.recorded(number)
        if claimed is Claimed.BUSY:
            raise _Busy
        try:
            return self._restorer.restore(self._clip, number, should_stop=self._should_stop)
        except BaseException:
            self._sink.release(number)
            raise

    def _write(self, number: int, work: Future[Restored | DamageReport]) -> _Outcome:
        result = work.result()
        if isinstance(result, DamageReport):
            return _Outcome(result, resumed=True)
        try:
            self._check()
            return _Outcome(self._sink.write(result))
        finally:
            self._sink.release(number)

    def _check(self) -> None:
        if self._should_stop():
            raise Stopped("Stopped as asked.")
