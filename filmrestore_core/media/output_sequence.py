"""OutputSequence: numbered files that come into being whole, once, and are known afterwards."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filmrestore_core.errors import FilmrestoreError, UnwritableFrameError
from filmrestore_core.media.claims import Claim, Claims, OtherPurposeError
from filmrestore_core.media.journal import Entry, Journal, journal_path
from filmrestore_core.media.output_check import shortage
from filmrestore_core.media.sequence import SequencePattern
from filmrestore_core.media.temp_file import (
    remove_left_behind,
    sync_file,
    sync_folder,
    temp_beside,
)

_FRAMES_PER_SYNC = 32
_STOP_THE_RUN = frozenset(
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "EIO", "ENOENT")
    if hasattr(errno, name)
)

Files = Callable[[int], Iterable[Path]]
"""The files that something of a frame number consists of."""


def stops_the_run(error: BaseException) -> bool:
    """True where a writing error will meet the next frame too: no space, no permission."""
    return isinstance(error, UnwritableFrameError) and error.errno in _STOP_THE_RUN


class OutputSequence:
    """The files of a pattern, made one at a time.

    A file is made under a temp name in its folder and renamed, so that at no moment a part of it
    stands under its final name. A journal beside the files says which are done and from what; a
    lock file for each frame in work keeps two processes from making the same one.

    A frame counts as done when its last journal line has the key of today's sources and purpose
    and the file still has the recorded size and time of change; where only the time differs, its
    content decides. The key is made of the purpose and of name, size and time of change of every
    file the frame depends on. All methods are thread-safe.
    """

    def __init__(
        self,
        pattern: SequencePattern,
        *,
        purpose: str,
        depends_on: Files | None,
        also_done: Callable[[int], bool] | None = None,
        resume: bool = True,
    ) -> None:
        """Open the journal and remove what killed processes of this machine left.

        Args:
            pattern: the files; the folder must exist.
            purpose: all else a frame depends on: settings, models, versions.
            depends_on: the files a frame is made from; None where there are none to tell a change
                by, so that no frame counts as done.
            also_done: asked too before a frame counts as done, such as whether its matte is.
            resume: False: no frame counts as done but those finished from now on.

        Raises:
            OSError: the folder cannot be written.
        """
        self.pattern = pattern
        self._depends_on = depends_on
        self._also_done = also_done
        self._purpose = hashlib.sha256(purpose.encode("utf-8", "surrogateescape")).hexdigest()
        self._lock = threading.RLock()
        self._stamps: dict[Path, str] = {}
        self._unsynced = 0
        self.journal = Journal(journal_path(pattern.folder, pattern.name))
        self._claims = Claims(pattern.folder, self._purpose[:32])
        with self.journal.guard():
            if resume:
                self.journal.read_new()
            else:
                self.journal.forget()
            remove_left_behind(pattern.folder, self._is_ours)
            self._claims.remove_left_behind(self._is_ours)

    def path(self, number: int) -> Path:
        """The file of a frame, whether it exists or not."""
        return self.pattern.path(number)

    def is_done(self, number: int) -> bool:
        """True where the frame is finished, up to date and whole."""
        entry = self.journal.get(number)
        if entry is None or self._depends_on is None or entry.key != self._key(number):
            return False
        if self._also_done is not None and not self._also_done(number):
            return False
        try:
            found = os.stat(self.path(number))
        except OSError:
            return False
        if found.st_size != entry.size:
            return False
        return found.st_mtime_ns == entry.mtime_ns or self._same_content(number, entry)

    def recorded(self, number: int) -> dict[str, Any] | None:
        """What was reported when the frame was finished; None where it is not done."""
        return self.journal.extra(number) if self.is_done(number) else None

    def claim(self, number: int) -> Claim:
        """Ask for a frame before working on it.

        Raises:
            UnwritableFrameError: the lock cannot be made, or a living process makes the same
                frame with other settings.
        """
        name = self.pattern.file_name(number)
        with self._lock, self.journal.guard():
            if self._claims.holds(name):
                return Claim.MINE
            self.journal.read_new()
            return Claim.DONE if self.is_done(number) else self._take(number)

    def _is_ours(self, name: str) -> bool:
        return self.pattern.number_of(name) is not None

    def _take(self, number: int) -> Claim:
        """Claim a frame even where it is done."""
        name = self.pattern.file_name(number)
        with self._lock, self.journal.guard():
            if self._claims.holds(name):
                return Claim.MINE
            try:
                holder = self._claims.take(name)
            except OSError as error:
                raise unwritable(self.path(number), number, error) from error
            except OtherPurposeError as error:
                raise UnwritableFrameError(
                    f"Frame {number}: process {error.owner.pid} on {error.owner.host} is writing "
                    f"'{self.path(number)}' with other settings.",
                    frame=number,
                    path=self.path(number),
                    hint="let it end first, or choose another output",
                ) from None
            return Claim.MINE if holder is None else Claim.BUSY

    def release(self, number: int) -> None:
        """Give back a claimed frame that will not be made; harmless where it is not ours."""
        with self._lock:
            self._claims.release(self.pattern.file_name(number))

    def place(
        self,
        number: int,
        make: Callable[[Path], object],
        *,
        extra: Callable[[], Mapping[str, Any]] = dict,
        digest: bool = True,
        needed: int = 0,
    ) -> int:
        """Make a frame's file and note it in the journal; claimed here where it is not yet.

        Args:
            number: frame number.
            make: writes the whole file over the empty temp file it is given.
            extra: asked once the file is whole for JSON that `recorded` gives back.
            digest: also wait for the disk and keep a checksum of the file; False for what can be
                made again at any time, such as a copy.
            needed: most bytes the file may take, to tell a full disk by where the image library
                does not.

        Returns:
            Bytes of the file.

        Raises:
            UnwritableFrameError: it did not come out, or another process has it; nothing of it is
                left and the final name is as before. `errno` is set where known.
        """
        if self._take(number) is not Claim.MINE:
            raise UnwritableFrameError(
                f"Frame {number}: another process is writing '{self.path(number)}'.",
                frame=number,
                path=self.path(number),
            )
        target = self.path(number)
        try:
            with temp_beside(target) as temp:
                try:
                    make(temp)
                except UnwritableFrameError as error:
                    raise _about_target(error, temp, target, number, needed) from error
                told = extra()
                checksum = file_digest(temp) if digest else ""
                if digest:
                    sync_file(temp)
                os.replace(temp, target)
            found = os.stat(target)
            self.journal.append(
                number,
                key=self._key(number),
                size=found.st_size,
                mtime_ns=found.st_mtime_ns,
                digest=checksum,
                extra=told,
            )
        except UnwritableFrameError:
            raise
        except OSError as error:
            if isinstance(error, FilmrestoreError):
                raise
            raise unwritable(target, number, error) from error
        finally:
            self.release(number)
        self._after_one(durable=digest)
        return found.st_size

    def flush(self) -> None:
        """Wait until names and journal are on the disk."""
        self._unsynced = 0
        sync_folder(self.pattern.folder)
        self.journal.sync()

    def close(self) -> None:
        """Give back claims and close the journal; a second call does nothing."""
        with self._lock:
            self._claims.release_all()
            if self._unsynced:
                self.flush()
            self.journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _after_one(self, *, durable: bool) -> None:
        with self._lock:
            self._claims.refresh(time.monotonic())
            # Syncing a folder may make the system write all copies out, several times their cost.
            self._unsynced += durable
            if self._unsynced >= _FRAMES_PER_SYNC:
                self.flush()

    def _key(self, number: int) -> str:
        digest = hashlib.blake2b(self._purpose.encode(), digest_size=16)
        digest.update(str(number).encode())
        for path in (self._depends_on or _nothing)(number):
            digest.update(self._stamp(path).encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def _stamp(self, path: Path) -> str:
        """Name, size and time of change of a source, looked up once a run."""
        stamp = self._stamps.get(path)
        if stamp is None:
            try:
                found = os.stat(path)
                stamp = f"\0{path.name}\0{found.st_size}\0{found.st_mtime_ns}"
            except OSError:
                stamp = f"\0{path.name}\0absent"
            self._stamps[path] = stamp
        return stamp

    def _same_content(self, number: int, entry: Entry) -> bool:
        if not entry.digest:
            return False  # copying again is as cheap as comparing
        try:
            return file_digest(self.path(number)) == entry.digest
        except OSError:
            return False


def unwritable(target: Path, number: int, error: OSError) -> UnwritableFrameError:
    """The error for a frame that the operating system would not take."""
    what = (error.strerror or str(error)).lower()
    result = UnwritableFrameError(
        f"Frame {number} cannot be written to '{target}': {what}.", frame=number, path=target
    )
    result.errno = error.errno
    return result


def _about_target(
    error: UnwritableFrameError, temp: Path, target: Path, number: int, needed: int
) -> UnwritableFrameError:
    """The image library's error, about the final name and with the system's reason."""
    message = error.message.replace(str(temp), f"'{target}'")
    cause: BaseException | None = error
    number_of_error = None
    while cause is not None and number_of_error is None:
        number_of_error = cause.errno if isinstance(cause, OSError) else None
        cause = cause.__cause__
    if number_of_error is None and (short := shortage(target.parent, needed)) is not None:
        number_of_error = short
        message = f"{message.rstrip('.')}: {os.strerror(short).lower()}."
    result = UnwritableFrameError(message, frame=number, path=target, hint=error.hint)
    result.errno = number_of_error
    return result


def file_digest(path: Path) -> str:
    """BLAKE2b of a file's bytes as 32 hex digits.

    Raises:
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _nothing(_: int) -> Iterable[Path]:
    return ()
