"""JobFolder: the files through which the renderer is seen and told to stop."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filmrestore_core import SettingsError, UnwritableFrameError
from filmrestore_resolve.whole_file import write_json

STATUS = "status.json"
RESULT = "result.json"
LOG = "renderer.log"
CANCEL = "cancel"

_STATUS_EVERY_S = 0.2
_CANCEL_EVERY_S = 0.1

logger = logging.getLogger(__name__)


class JobFolder:
    """The folder of one job; see JOB.md."""

    def __init__(self, folder: Path, *, lines: bool = True) -> None:
        """Open it; the status and result of an earlier run go.

        Args:
            folder: must exist.
            lines: also say events as JSON lines on standard output.

        Raises:
            UnwritableFrameError: it cannot be written.
            SettingsError: it holds a status or result of somebody else's.
        """
        self.folder = folder
        self._lines = lines
        self._said = 0.0
        self._looked = 0.0
        self._cancelled = False
        try:
            for name in (STATUS, RESULT):
                _refuse_foreign(folder / name)
            for name in (STATUS, RESULT):
                (folder / name).unlink(missing_ok=True)
            with open(folder / LOG, "a", encoding="utf-8"):
                pass
        except OSError as error:
            refused = UnwritableFrameError(
                f"The job's folder '{folder}' cannot be written: "
                f"{(error.strerror or str(error)).lower()}.",
                path=folder,
            )
            refused.errno = error.errno
            raise refused from error

    @property
    def log(self) -> Path:
        """The log file."""
        return self.folder / LOG

    def is_cancelled(self) -> bool:
        """True once the cancel flag was seen."""
        now = time.monotonic()
        if not self._cancelled and now - self._looked >= _CANCEL_EVERY_S:
            self._looked = now
            self._cancelled = os.path.lexists(self.folder / CANCEL)
            if self._cancelled:
                logger.info("cancelled by the flag file")
        return self._cancelled

    def status(self, values: Mapping[str, Any], *, now: bool = False) -> None:
        """Say where the work is.

        Args:
            values: the status without its head.
            now: at once; else at most five times a second.
        """
        moment = time.monotonic()
        if not now and moment - self._said < _STATUS_EVERY_S:
            return
        self._said = moment
        head = {
            "kind": "filmrestore.resolve.status",
            "schema": 1,
            "pid": os.getpid(),
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        # A reader that holds the file open (Windows), or a full disk, must not end the work.
        with suppress(UnwritableFrameError):
            write_json(self.folder / STATUS, head | dict(values), durable=False)

    def event(self, event: str, **values: Any) -> None:
        """Say an event on standard output."""
        if not self._lines:
            return
        try:
            sys.stdout.write(json.dumps({"event": event, **values}) + "\n")
            sys.stdout.flush()
        except (BrokenPipeError, ValueError):
            self._lines = False  # nobody listens; the work goes on

    def result(self, values: Mapping[str, Any]) -> None:
        """Write the result document.

        Raises:
            UnwritableFrameError: it cannot be written.
        """
        head = {"kind": "filmrestore.resolve.result", "schema": 1}
        write_json(self.folder / RESULT, head | dict(values))


def _refuse_foreign(path: Path) -> None:
    """A file under one of our names that we did not write is not replaced.

    Raises:
        SettingsError: it is such a file.
    """
    try:
        head = path.read_bytes()[:200]
    except FileNotFoundError:
        return
    if b'"filmrestore.resolve.' not in head:
        raise SettingsError(
            f"'{path}' was not written by filmrestore.",
            path=path,
            hint="put the job document into a folder of its own",
        )
