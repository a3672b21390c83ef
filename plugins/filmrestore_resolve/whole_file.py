"""Small files that come whole or not at all."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from filmrestore_core import UnwritableFrameError

_TRIES = 20
_WAIT_S = 0.05


def write_text(path: Path, text: str, *, mode: int | None = None, durable: bool = True) -> None:
    """Write a text file under a temporary name in its folder, and rename it.

    Args:
        path: the file; its folder is made.
        text: what it will hold, UTF-8.
        mode: permission bits; those of any new file where None.
        durable: wait for the disk.

    Raises:
        UnwritableFrameError: it cannot be written; the old file stays.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        if mode is not None:
            part.chmod(mode)
        _replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        refused = UnwritableFrameError(
            f"{path} cannot be written: {(error.strerror or str(error)).lower()}.", path=path
        )
        refused.errno = error.errno
        raise refused from error


def _replace(part: Path, path: Path) -> None:
    """Rename over; on Windows, wait a little for a reader that holds the old file open."""
    for _ in range(_TRIES if os.name == "nt" else 0):
        try:
            os.replace(part, path)
            return
        except PermissionError:
            time.sleep(_WAIT_S)
    os.replace(part, path)


def write_json(path: Path, values: Any, *, durable: bool = True) -> None:
    """Write a JSON file whole; see `write_text`.

    Raises:
        UnwritableFrameError: it cannot be written; the old file stays.
    """
    write_text(path, json.dumps(values, indent=1, ensure_ascii=True) + "\n", durable=durable)
