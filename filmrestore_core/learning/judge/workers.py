"""Work that is done by several processes, its answers in the order of the jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Job = TypeVar("Job")
Answer = TypeVar("Answer")


def in_order(work: Callable[[Job], Answer], jobs: Sequence[Job], workers: int) -> Iterator[Answer]:
    """The answer to each job; the number of workers changes nothing but the time.

    Args:
        work: a function of a module, as other processes import it.
        jobs: what can be pickled.
        workers: processes; up to 1 is this one.
    """
    if workers <= 1:
        yield from map(work, jobs)
        return
    # Spawned, not forked: OpenCV's threads do not survive a fork.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, jobs)
