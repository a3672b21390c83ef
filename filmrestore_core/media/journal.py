"""Journal: which frames of an output are done, from what, and what was reported of them."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filmrestore_core.media.temp_file import short_name

try:
    import fcntl
except ImportError:  # Windows: the locks of single frames must do
    fcntl = None  # type: ignore[assignment]

VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """What the journal knows of a finished frame.

    Attributes:
        key: digest of all the frame was made from.
        size: bytes of the file.
        mtime_ns: its time of change, in nanoseconds since 1970.
        digest: BLAKE2b of the file, 32 hex digits; "" where it is a copy of its source.
        offset: where the line begins in the journal.
        length: bytes of the line.
    """

    key: str
    size: int
    mtime_ns: int
    digest: str
    offset: int
    length: int


def journal_path(folder: Path, name: str) -> Path:
    """The journal of an output: `.filmrestore-journal.<name>.jsonl` in its folder."""
    if len(os.fsencode(name)) > 200:
        name = short_name(name)
    return folder / f".filmrestore-journal.{name}.jsonl"


class Journal:
    """A file of one JSON object a line, appended by any number of processes.

    A line is `{"journal": 1, "frame": 1047, "key": ..., "size": ..., "mtime_ns": ..., "digest":
    ..., "extra": {...}}`; the last line of a frame counts. A line that a crash left torn is passed
    over, and so is one of an unknown version. Only places of lines are held in memory, not what
    was reported. Thread-safe.
    """

    def __init__(self, path: Path) -> None:
        """Open the journal, or make it.

        Raises:
            OSError: it can be neither opened nor made.
        """
        self.path = path
        self.existed = path.exists()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._file = os.open(path, flags, 0o666)
        self._mutex = threading.RLock()
        self._depth = 0
        self._entries: dict[int, Entry] = {}
        self._read_to = 0

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Keep other threads, and other processes as far as the file system can, out meanwhile.

        It ends with the process, however that ends.
        """
        with self._mutex:
            if self._depth == 0:
                _lock(self._file)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    _unlock(self._file)

    def get(self, number: int) -> Entry | None:
        """The last entry of a frame as far as the journal has been read."""
        with self._mutex:
            return self._entries.get(number)

    def read_new(self) -> None:
        """Read the lines that were added since the last time, by this process or others."""
        with self._mutex:
            end = os.fstat(self._file).st_size
            while self._read_to < end:
                block = os.pread(self._file, min(end - self._read_to, 1 << 24), self._read_to)
                whole = block.rfind(b"\n") + 1
                if whole == 0 and len(block) == 1 << 24:
                    whole = len(block)  # no line is as long as that: it is no journal
                if whole == 0:
                    return
                offset = self._read_to
                for line in block[:whole].split(b"\n"):
                    self._take(line, offset)
                    offset += len(line) + 1
                self._read_to += whole

    def forget(self) -> None:
        """Know no frame that is in the journal now; only what is added from here on counts."""
        with self._mutex:
            self._read_to = os.fstat(self._file).st_size
            self._entries.clear()

    def extra(self, number: int) -> dict[str, Any] | None:
        """What was reported of a frame, or None where the journal does not know it."""
        with self._mutex:
            entry = self._entries.get(number)
            if entry is None:
                return None
            document = _parse(os.pread(self._file, entry.length, entry.offset))
        extra = document.get("extra") if document else None
        return extra if isinstance(extra, dict) else {}

    def append(
        self,
        number: int,
        *,
        key: str,
        size: int,
        mtime_ns: int,
        digest: str = "",
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a line with a single write.

        Raises:
            OSError: it did not fit; the torn line is passed over by readers.
            TypeError: `extra` is no JSON.
        """
        document = {
            "journal": VERSION,
            "frame": number,
            "key": key,
            "size": size,
            "mtime_ns": mtime_ns,
            "digest": digest,
            "extra": dict(extra or {}),
        }
        line = json.dumps(document, separators=(",", ":")).encode("ascii") + b"\n"
        with self.guard():
            end = os.fstat(self._file).st_size
            if end and os.pread(self._file, 1, end - 1) != b"\n":
                line = b"\n" + line  # a crash tore the last line
            written = os.write(self._file, line)
            if written != len(line):
                os.write(self._file, line[written:])  # raises what kept the rest out
            self.read_new()

    def sync(self) -> None:
        """Wait until all lines are on the disk."""
        with contextlib.suppress(OSError):
            os.fsync(self._file)

    def close(self) -> None:
        """Close the file."""
        with self._mutex:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def _take(self, line: bytes, offset: int) -> None:
        document = _parse(line)
        if document is None or document.get("journal") != VERSION:
            return
        try:
            self._entries[int(document["frame"])] = Entry(
                str(document["key"]),
                int(document["size"]),
                int(document["mtime_ns"]),
                str(document["digest"]),
                offset,
                len(line),
            )
        except (KeyError, TypeError, ValueError):
            return


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _lock(file: int) -> None:
    if fcntl is not None:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)


def _unlock(file: int) -> None:
    if fcntl is not None:
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)
