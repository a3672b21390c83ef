"""Keep the memory of planes that are let go of for the planes that come next."""

from __future__ import annotations

import ctypes
import sys

# Numbers of GNU libc's mallopt (malloc.h).
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
# Larger blocks are taken from the system one by one and go back to it at once.
LARGEST_KEPT = 256 * 1024**2
# So many free bytes at the end of the heap are kept.
MOST_FREE = 512 * 1024**2


def keep_heap() -> bool:
    """Tell the C library to keep freed memory; for programs that own their process only.

    A frame's planes are tens of megabytes, which GNU libc gives back to the system when they are
    freed; to get them again the system fills each page with zeros first. At 2K this took a fifth
    of a frame's time. No pixel depends on it.

    Returns:
        True where it was done, which is with GNU libc.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    wishes = (
        (_MMAP_THRESHOLD, LARGEST_KEPT),
        (_TRIM_THRESHOLD, MOST_FREE),
        # Threads would otherwise have heaps of their own, too small for two planes.
        (_ARENA_MAX, 1),
    )
    return all(bool(mallopt(what, size)) for what, size in wishes)
