"""Claims: which process is at work on which frame of an output."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from filmrestore_core.media.owner import Owner
from filmrestore_core.media.temp_file import short_name, temp_beside

FOREIGN_AGE_S = 1800.0
"""A lock of another machine, which we cannot ask, is held for given up after this many seconds
without a sign of life."""

_PREFIX = ".filmrestore-lock."
_REFRESH_S = 60.0
_BEING_MADE_S = 5.0


class Claim(StrEnum):
    """What asking for a frame gave."""

    MINE = "mine"  # nobody else works on it: make it
    DONE = "done"  # it is finished and up to date: skip it
    BUSY = "busy"  # another process is making it: ask again later


class Claims:
    """Lock files `.filmrestore-lock.<file name>` made with O_EXCL, one for each frame in work.

    A lock of a process of this machine that runs no more is broken at once; one of another machine
    after FOREIGN_AGE_S without a refresh. Times are compared by the clock of the folder's machine.
    The caller keeps two breakers apart with `Journal.guard`.
    """

    def __init__(self, folder: Path, purpose: str) -> None:
        """Work in a folder.

        Args:
            folder: where the frames go.
            purpose: what the frames are made with; a living process with another purpose is no
                helper but in the way.
        """
        self._folder = folder
        self._purpose = purpose
        self._me = Owner.me()
        self._held: dict[str, tuple[bytes, float]] = {}

    def take(self, name: str) -> Owner | None:
        """Claim the frame of a file name.

        Returns:
            None where it is ours now, else who has it.

        Raises:
            OSError: the lock cannot be made.
            OtherPurposeError: a living process makes this frame with other settings.
        """
        path = self._path(name)
        for _ in range(10):
            if self._make(path, name):
                return None
            holder = self._holder(path, name)
            if holder is not None:
                return holder
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
        return Owner("", 0)

    def holds(self, name: str) -> bool:
        """True where the frame was claimed here and not released."""
        return name in self._held

    def release(self, name: str) -> None:
        """Give a frame back; harmless where it is not held."""
        held = self._held.pop(name, None)
        path = self._path(name)
        if held is not None:
            # After a long sleep it may have been given up and taken by another.
            with contextlib.suppress(OSError):
                if path.read_bytes() == held[0]:
                    path.unlink()

    def release_all(self) -> None:
        """Give all frames back."""
        for name in list(self._held):
            self.release(name)

    def remove_left_behind(self, is_ours: Callable[[str], bool]) -> None:
        """Remove locks of processes of this machine that run no more.

        Args:
            is_ours: whether a file name belongs to the output that is about to be written.
        """
        for lock in os.listdir(self._folder):
            if not lock.startswith(_PREFIX):
                continue
            path = self._folder / lock
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                document = json.loads(path.read_bytes())
                if is_ours(str(document["file"])) and _owner(document).is_gone():
                    path.unlink()

    def refresh(self, now: float) -> None:
        """Show other machines that the held locks are alive; call it now and then.

        Args:
            now: any clock in seconds.
        """
        for name, (content, shown) in list(self._held.items()):
            if now - shown > _REFRESH_S:
                with contextlib.suppress(OSError):
                    os.utime(self._path(name))
                self._held[name] = (content, now)

    def _path(self, name: str) -> Path:
        if len(os.fsencode(name)) > 200:
            name = short_name(name)
        return self._folder / f"{_PREFIX}{name}"

    def _make(self, path: Path, name: str) -> bool:
        try:
            file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            return False
        try:
            document = {
                "host": self._me.host,
                "pid": self._me.pid,
                "started": self._me.started,
                "purpose": self._purpose,
                "file": name,
                "token": secrets.token_hex(8),
            }
            content = json.dumps(document).encode("ascii")
            os.write(file, content)
            self._held[name] = (content, 0.0)
        except OSError:
            with contextlib.suppress(OSError):
                path.unlink()
            raise
        finally:
            os.close(file)
        return True

    def _holder(self, path: Path, name: str) -> Owner | None:
        """Who holds a lock; None where nobody does any more."""
        try:
            document = json.loads(path.read_bytes())
            holder = _owner(document)
            purpose = str(document["purpose"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):  # between being made and being filled
            return Owner("", 0) if self._age(path, name) < _BEING_MADE_S else None
        if holder.is_gone():
            return None
        if holder.host != self._me.host and self._age(path, name) > FOREIGN_AGE_S:
            return None
        if purpose != self._purpose:
            raise OtherPurposeError(holder)
        return holder

    def _age(self, path: Path, name: str) -> float:
        """Seconds since a lock's last sign of life, by the clock of the folder's machine."""
        with temp_beside(self._folder / name) as probe:
            os.utime(probe)
            try:
                return probe.stat().st_mtime - path.stat().st_mtime
            except FileNotFoundError:
                return float("inf")


def _owner(document: dict[str, Any]) -> Owner:
    return Owner(str(document["host"]), int(document["pid"]), float(document["started"]))


class OtherPurposeError(Exception):
    """A living process makes the same frames with other settings."""

    def __init__(self, owner: Owner) -> None:
        super().__init__(owner)
        self.owner = owner
