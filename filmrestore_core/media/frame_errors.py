"""Every way a file can fail, as one error that names frame, file and reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filmrestore_core.errors import MediaError, UnreadableFrameError, UnwritableFrameError

_FAULTS = (ValueError, OSError, MemoryError)


@contextmanager
def reading(path: Path, number: int | None) -> Iterator[None]:
    """Around whatever reads `path`.

    Raises:
        UnreadableFrameError: in place of ValueError, OSError and MemoryError.
    """
    who = "The image" if number is None else f"Frame {number}"
    try:
        yield
    except UnreadableFrameError:
        raise
    except _FAULTS as e:
        raise UnreadableFrameError(
            f"{who} cannot be read from {path}: {_reason(e)}.", frame=number, path=path
        ) from e


@contextmanager
def writing(path: Path, number: int) -> Iterator[None]:
    """Around whatever writes `path`; nothing half-written is left behind.

    Raises:
        UnwritableFrameError: in place of ValueError, OSError and MemoryError.
    """
    try:
        yield
    except BaseException as e:
        path.unlink(missing_ok=True)
        if isinstance(e, MediaError) or not isinstance(e, _FAULTS):
            raise
        raise UnwritableFrameError(
            f"Frame {number} could not be written to {path}: {_reason(e)}.",
            frame=number,
            path=path,
        ) from e


def _reason(error: BaseException) -> str:
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    if isinstance(error, MemoryError):
        text = text or "there is not enough memory"
    text = text.encode("utf-8", "backslashreplace").decode()
    return text.strip().rstrip(".") or "no reason is given"
