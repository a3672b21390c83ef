"""ExitCode: what the process tells its caller."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Stopped runs end with 128 + the signal's number: 130 or 143."""

    DONE = 0
    FAILED = 1
    WRONG_ARGUMENTS = 2
    SOME_FRAMES_FAILED = 3
