"""Temp files beside their final name, and what a killed process left of them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filmrestore_core.media.owner import Owner

_LONGEST_NAME = 255  # bytes, on every file system in use
_LEFT_BEHIND = re.compile(r"^\.(.+)\.([A-Za-z0-9-]+)\.(\d+)\.[0-9a-f]{8}(\.\w+)?$", re.DOTALL)


@contextmanager
def temp_beside(target: Path) -> Iterator[Path]:
    """A new empty file in the target's folder that is removed when the block ends.

    Its name is `.{name}.{host}.{pid}.{random}{ext}`: hidden, of the true extension, and nobody
    else's. `os.replace` it to keep it.

    Raises:
        OSError: it cannot be made.
    """
    me = Owner.me()
    extension = target.suffix if re.fullmatch(r"\.\w+", target.suffix) else ""
    tail = f".{me.host}.{me.pid}.{secrets.token_hex(4)}{extension}"
    name = target.name
    if len(os.fsencode(name)) + len(os.fsencode(tail)) + 1 > _LONGEST_NAME:
        name = short_name(name)
    path = target.parent / f".{name}{tail}"
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


def short_name(name: str) -> str:
    """Sixteen hex digits that stand for a name that is too long."""
    return hashlib.sha256(os.fsencode(name)).hexdigest()[:16]


def remove_left_behind(folder: Path, is_ours: Callable[[str], bool]) -> int:
    """Remove temp files of processes on this machine that run no more.

    Args:
        folder: where to look.
        is_ours: whether a final name belongs to the output that is about to be written.

    Returns:
        How many files were removed.
    """
    count = 0
    for name in os.listdir(folder):
        found = _LEFT_BEHIND.match(name)
        if found is None or not (is_ours(found[1]) or re.fullmatch(r"[0-9a-f]{16}", found[1])):
            continue
        path = folder / name
        with contextlib.suppress(OSError):
            if Owner(found[2], int(found[3])).was_gone_by(path.lstat().st_mtime):
                path.unlink()
                count += 1
    return count


def sync_file(path: Path) -> None:
    """Wait until a file's content is on the disk."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Wait until a folder's names are on the disk, where the system can say so."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
