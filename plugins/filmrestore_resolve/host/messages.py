"""What the user is told: one plain line each, in the Console, the dialog and the log."""

import logging
import os
import sys
from typing import Callable, List, Optional

from filmrestore_resolve.host.disk import on_disk

LOG = logging.getLogger("filmrestore.resolve")


class Refusal(Exception):
    """Nothing can be done, and why; the message is for the user.

    Attributes:
        code: exit status of the external route.
    """

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


class Voice:
    """Says lines to the Console, to a log file and to who listens (the dialog)."""

    def __init__(self) -> None:
        self.lines: List[str] = []
        self.log_path: Optional[str] = None
        self.listener: Optional[Callable[[str], None]] = None

    def say(self, line: str) -> None:
        """Say one line; nothing that fails here stops the work."""
        self.lines.append(line)
        _print(line)
        if self.log_path is not None:
            try:
                with open(on_disk(self.log_path), "a", encoding="utf-8") as log:
                    log.write(line + "\n")
            except (OSError, UnicodeError):
                self.log_path = None
        if self.listener is not None:
            self.listener(line)

    def log_into(self, folder: str) -> None:
        """Keep a log from here on, with what was said so far."""
        path = os.path.join(folder, "filmrestore.log")
        try:
            with open(on_disk(path), "w", encoding="utf-8") as log:
                log.writelines(line + "\n" for line in self.lines)
        except (OSError, UnicodeError):
            return
        self.log_path = path


def _print(line: str) -> None:
    """Resolve's Python may run under an ASCII locale, and without a stdout at all."""
    stream = sys.stdout
    if stream is None:
        return
    try:
        stream.write("filmrestore: " + line + "\n")
    except UnicodeError:
        stream.write("filmrestore: " + line.encode("ascii", "backslashreplace").decode() + "\n")
    except (OSError, ValueError):
        return
    try:
        stream.flush()
    except (AttributeError, OSError, ValueError):
        return


def count_of(number: int, thing: str) -> str:
    """Write 1 shot, 2 shots."""
    return "%d %s%s" % (number, thing, "" if number == 1 else "s")
