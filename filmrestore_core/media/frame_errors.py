"""Every way a file can fail, as one error that names frame, file and reason."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filmrestore_core.errors import MediaError, UnreadableFrameError, UnwritableFrameError

# RuntimeError is what the library's C++ exceptions become.
_FAULTS = (ValueError, OSError, MemoryError, OverflowError, RuntimeError, struct.error)


@contextmanager
def reading(path: Path, number: int | None) -> Iterator[None]:
    """Around whatever reads `path`.

    Raises:
        UnreadableFrameError: in place of whatever a damaged file may raise.
    """
    who = "The image" if number is None else f"Frame {number}"
    try:
        yield
    except UnreadableFrameError:
        raise
    except _FAULTS as e:
        raise UnreadableFrameError(
            f"{who} cannot be read from {_shown(path)}: {_reason(e)}.", frame=number, path=path
        ) from e


@contextmanager
def writing(path: Path, number: int) -> Iterator[None]:
    """Around whatever writes `path`; nothing half-written is left behind.

    Raises:
        UnwritableFrameError: in place of whatever a failed write may raise.
    """
    try:
        yield
    except BaseException as e:
        path.unlink(missing_ok=True)
        if isinstance(e, MediaError) or not isinstance(e, _FAULTS):
            raise
        raise UnwritableFrameError(
            f"Frame {number} could not be written to {_shown(path)}: {_reason(e)}.",
            frame=number,
            path=path,
        ) from e


def _reason(error: BaseException) -> str:
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    if isinstance(error, MemoryError):
        text = text or "there is not enough memory"
    text = printable(text)
    return text.strip().rstrip(".") or "no reason is given"


def _shown(path: Path) -> str:
    return printable(str(path))


def printable(text: str) -> str:
    """Text in which bytes that are no UTF-8 are spelt out, so that printing it cannot fail."""
    return text.encode("utf-8", "backslashreplace").decode()
