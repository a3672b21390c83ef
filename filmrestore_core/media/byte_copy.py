"""A file copied byte for byte, by the kernel where it can."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
from pathlib import Path

from filmrestore_core.errors import UnreadableFrameError

_STEP = 1 << 27
_CANNOT = frozenset(
    getattr(errno, name)
    for name in ("EXDEV", "ENOSYS", "EINVAL", "EOPNOTSUPP", "EBADF", "EPERM", "ETXTBSY")
    if hasattr(errno, name)
)


def copy_bytes(source: Path, target: Path) -> int:
    """Make an existing file hold the same bytes as another.

    On Linux the kernel copies, and shares the blocks where the file system can; else shutil does.

    Returns:
        Number of bytes.

    Raises:
        UnreadableFrameError: the source cannot be opened, is no plain file, or changes meanwhile.
        OSError: the target cannot take the bytes.
    """
    try:
        before = os.stat(source)
        if not stat.S_ISREG(before.st_mode):
            raise UnreadableFrameError(f"'{source}' is no plain file.", path=source)
        read_from = os.open(source, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError as error:
        if isinstance(error, UnreadableFrameError):
            raise
        raise UnreadableFrameError(
            f"'{source}' cannot be read: {(error.strerror or str(error)).lower()}.", path=source
        ) from error
    try:
        if not _copy_in_kernel(read_from, target, before.st_size):
            shutil.copyfile(source, target)
        after = os.fstat(read_from)
    finally:
        os.close(read_from)
    size = os.stat(target).st_size
    changed = (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns)
    if changed or size != before.st_size:
        raise UnreadableFrameError(f"'{source}' changed while it was copied.", path=source)
    return size


def _copy_in_kernel(read_from: int, target: Path, size: int) -> bool:
    """False where this kernel or file system cannot; the target then holds a part or nothing."""
    if sys.platform != "linux":
        return False
    write_to = os.open(target, os.O_WRONLY | os.O_TRUNC)
    try:
        done = 0
        while done < size:
            step = os.copy_file_range(read_from, write_to, min(_STEP, size - done))
            if step == 0:
                return False
            done += step
        return True
    except OSError as error:
        if error.errno in _CANNOT:
            return False
        raise
    finally:
        os.close(write_to)
