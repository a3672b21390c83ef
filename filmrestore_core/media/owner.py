"""Owner: which process on which machine a temp file or a lock belongs to."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import sys
from dataclasses import dataclass
from functools import cache

_FIRST_PID_NAMESPACE = "pid:[4026531836]"
# Two readings of one start time may differ by a clock tick or two.
_SAME_START_S = 2.0


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, by machine and number.

    Attributes:
        host: the machine as far as process numbers reach (a container counts as one), made of
            letters, digits and hyphens.
        pid: process number on it.
        started: when the process started, in seconds since 1970; 0.0 where not known. It tells a
            process from a later one that got the same number.
    """

    host: str
    pid: int
    started: float = 0.0

    @classmethod
    def me(cls) -> Owner:
        """This process."""
        pid = os.getpid()
        return cls(host_token(), pid, _started(pid))

    def is_gone(self) -> bool:
        """True where the process surely runs no more; False on other machines, who cannot tell."""
        if self.host != host_token():
            return False
        if not _is_alive(self.pid):
            return True
        began = _started(self.pid)
        return bool(self.started and began and abs(began - self.started) > _SAME_START_S)

    def was_gone_by(self, moment: float) -> bool:
        """True where what was made at `moment` cannot be this process's: gone, or began later."""
        if self.is_gone():
            return True
        began = _started(self.pid) if self.host == host_token() else 0.0
        return bool(began and began > moment + _SAME_START_S)


@cache
def host_token() -> str:
    """This machine's name in letters, digits and hyphens, at most 40 of them.

    Two containers may share a name but not process numbers; so the process namespace belongs to it
    unless it is the machine's own.
    """
    name = re.sub(r"[^A-Za-z0-9]+", "-", platform.node()).strip("-") or "host"
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        namespace = _FIRST_PID_NAMESPACE
    if namespace != _FIRST_PID_NAMESPACE:
        name += "-" + re.sub(r"\D", "", namespace)
    if len(name) > 40:
        name = name[:24] + "-" + hashlib.sha256(name.encode()).hexdigest()[:12]
    return name


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":
        return _is_alive_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OverflowError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """A killed process whose parent has not asked for it yet writes nothing any more."""
    fields = _stat_fields(pid)
    return bool(fields) and fields[0] in ("Z", "X")


def _stat_fields(pid: int) -> list[str]:
    """The fields of Linux's /proc/PID/stat from the third (state) on; empty elsewhere."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


def _started(pid: int) -> float:
    fields = _stat_fields(pid)
    if len(fields) < 20:
        return 0.0
    boot = _boot_time()
    return boot + int(fields[19]) / os.sysconf("SC_CLK_TCK") if boot else 0.0


@cache
def _boot_time() -> float:
    try:
        with open("/proc/stat", encoding="utf-8") as file:
            for line in file:
                if line.startswith("btime "):
                    return float(line.split()[1])
    except OSError:
        pass
    return 0.0


def _is_alive_on_windows(pid: int) -> bool:
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return bool(kernel.GetLastError() == 5)  # ERROR_ACCESS_DENIED: it is there
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == 259  # STILL_ACTIVE
