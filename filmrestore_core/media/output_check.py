"""What can be known of an output before a frame is worked on."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable
from pathlib import Path

from filmrestore_core.errors import MediaError, UnwritableFrameError
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.journal import journal_path
from filmrestore_core.media.sequence import SequencePattern
from filmrestore_core.media.temp_file import temp_beside

FRAMES_OF_SPACE = 2
"""Free space that must be there: a frame and its temp file, or the next one, at once."""


def refuse_same_files(
    targets: Iterable[Path], sources: Iterable[Path], names: SequencePattern | None
) -> None:
    """Refuse an output that is its own input.

    Found by device and file number, so that links of both kinds, other spellings of a folder and
    file systems without upper and lower case are seen through.

    Args:
        targets: files that will be written.
        sources: files that are read.
        names: pattern of the sources; a target in their folder that it would take for a frame of
            the source is refused too, even where there is no such file yet.

    Raises:
        MediaError: a target is a source.
    """
    wanted = list(targets)
    if names is not None and wanted and _same_folder(wanted[0].parent, names.folder):
        for target in wanted:
            if names.number_of(target.name) is not None:
                raise _same(target)
    existing = _existing(wanted)
    if not existing:
        return
    read = {_identity(source) for source in sources}
    for target in existing:
        if _identity(target) in read:
            raise _same(target)


def refuse_shared_names(mattes: Iterable[Path], pictures: Iterable[Path]) -> None:
    """Refuse mattes that go to the pictures' files, whether these exist yet or not.

    Raises:
        MediaError: two of them are the same.
    """
    folders: dict[Path, str] = {}

    def named(path: Path) -> tuple[str, str]:
        folder = folders.setdefault(path.parent, os.path.realpath(path.parent))
        return folder, path.name.casefold()

    taken = {named(path) for path in pictures}
    for path in mattes:
        if named(path) in taken:
            raise MediaError(
                f"Matte output '{path}' is a frame of the picture's output.",
                path=path,
                hint="write mattes to another folder or name",
            )


def refuse_foreign_files(pattern: SequencePattern, numbers: FrameRange) -> None:
    """Refuse to replace frames that another program made.

    Raises:
        UnwritableFrameError: the files exist and there is no journal that says they are ours.
    """
    if journal_path(pattern.folder, pattern.name).exists():
        return
    existing = _existing([pattern.path(n) for n in numbers])
    if existing:
        count = "a file" if len(existing) == 1 else f"{len(existing)} files"
        raise UnwritableFrameError(
            f"Folder '{pattern.folder}' already holds {count} of the output's names that "
            f"filmrestore did not write, such as '{existing[0].name}'.",
            path=existing[0],
            hint="choose another output, or allow overwriting (--force)",
        )


def prepare_folder(first: Path, frame_bytes: int) -> None:
    """Make the output's folder where it does not exist, and try whether it takes a file.

    Args:
        first: the first file that will be written.
        frame_bytes: about the size of one of them.

    Raises:
        UnwritableFrameError: it cannot be made or written, or has no space for two frames.
    """
    folder = first.parent
    made = not folder.exists()
    try:
        os.makedirs(folder, exist_ok=True)
        with temp_beside(first) as probe:
            probe.write_bytes(b"filmrestore")
        free = free_space(folder)
        if free is not None and free < FRAMES_OF_SPACE * frame_bytes:
            raise OSError(
                errno.ENOSPC,
                f"no space left on device: {_mb(free)} MB are free, two frames take "
                f"{_mb(FRAMES_OF_SPACE * frame_bytes)} MB",
            )
    except OSError as error:
        if made:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise unwritable_folder(folder, error) from error


def unwritable_folder(folder: Path, error: OSError) -> UnwritableFrameError:
    """The error for a folder that the operating system will not let us write."""
    what = error.strerror or str(error)
    refused = UnwritableFrameError(
        f"Output folder '{folder}' cannot be written: {what[:1].lower()}{what[1:]}.", path=folder
    )
    refused.errno = error.errno
    return refused


def free_space(folder: Path) -> int | None:
    """Bytes a user may still write there, or None where the system does not say."""
    try:
        found = os.statvfs(folder)
    except (OSError, AttributeError):
        return None
    return found.f_bavail * found.f_frsize


def shortage(folder: Path, needed: int) -> int | None:
    """ENOSPC or EFBIG where a file of so many bytes cannot be made there now, else None."""
    free = free_space(folder)
    if free is not None and free < needed:
        return errno.ENOSPC
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    except (ImportError, OSError):
        return None
    return errno.EFBIG if limit != resource.RLIM_INFINITY and limit < needed else None


def _existing(paths: list[Path]) -> list[Path]:
    """Those that exist; one listing per folder instead of a look at each of thousands."""
    listed: dict[Path, set[str]] = {}
    existing = []
    for path in paths:
        if path.parent not in listed:
            try:
                listed[path.parent] = {n.casefold() for n in os.listdir(path.parent)}
            except OSError:
                listed[path.parent] = set()
        if path.name.casefold() in listed[path.parent] and os.path.lexists(path):
            existing.append(path)
    return existing


def _identity(path: Path) -> tuple[int, int] | Path:
    try:
        found = os.stat(path)
    except OSError:
        return path
    return found.st_dev, found.st_ino


def _same_folder(one: Path, other: Path) -> bool:
    return _identity(one) == _identity(other)


def _same(target: Path) -> MediaError:
    return MediaError(
        f"Output '{target}' is a frame of the input.",
        path=target,
        hint="write to another folder or name",
    )


def _mb(count: int) -> str:
    return f"{count / 1e6:.1f}"
