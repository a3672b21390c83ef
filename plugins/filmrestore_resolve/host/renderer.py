"""The renderer as a process of its own: started, watched, cancelled, and its last words kept."""

import os
import subprocess
import sys
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from filmrestore_resolve.host.disk import on_disk
from filmrestore_resolve.host.jsonfile import read_json
from filmrestore_resolve.host.messages import Refusal

LAST_LINES = 20
_DONE_CODES = (0, 1, 3, 4)
# Resolve puts its own folders into these; another Python must not look for its modules there.
_NOT_HANDED_ON = ("PYTHONHOME", "PYTHONPATH", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__")
# Resolve's own libraries must not be loaded in place of the renderer's.
_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FRAMEWORK_PATH", "LD_PRELOAD")
_FINAL = ("done", "incomplete", "failed", "cancelled")


class Progress(NamedTuple):
    """Where the renderer is: done of total frames, its speed, and a line for people."""

    done: int
    total: int
    frames_per_second: Optional[float]
    seconds_left: Optional[float]
    message: str

    def line(self) -> str:
        """One line: what, how fast, how long."""
        text = "%s (%d of %d frames" % (self.message, self.done, self.total)
        if self.frames_per_second:
            text += ", %.2f frames a second" % self.frames_per_second
        if self.seconds_left is not None:
            text += ", %s left" % _clock(self.seconds_left)
        return text + ")"


def render(
    command: List[str],
    folder: str,
    on_progress: Callable[[Progress], None],
    wanted: Callable[[], bool],
    pause: Callable[[float], None],
) -> int:
    """Run the renderer on the job in a folder, until it ends.

    Args:
        command: starts filmrestore.
        folder: holds job.json.
        on_progress: told whenever the status changes.
        wanted: False asks the renderer to stop after its frame.
        pause: waits so many seconds, serving a window meanwhile.

    Returns:
        The renderer's exit code, one of those that leave a result.

    Raises:
        Refusal: it cannot be started, refuses the job, or crashed.
    """
    job = os.path.join(folder, "job.json")
    with open(on_disk(os.path.join(folder, "renderer.out")), "ab") as out:
        process = _start(command + ["resolve", "render", job], out)
        try:
            last: Optional[Dict[str, Any]] = None
            while process.poll() is None:
                if not wanted():
                    cancel(folder)
                last = _tell(folder, last, on_progress)
                pause(0.1)
        except BaseException:
            cancel(folder)
            process.wait()
            raise
        _tell(folder, last, on_progress)
    code = int(process.returncode)
    if code in _DONE_CODES and os.path.isfile(on_disk(os.path.join(folder, "result.json"))):
        return code
    what = "refuses the job" if code == 2 else "crashed (exit code %d)" % code
    if code in (130, 143, -2, -15):
        what = "was stopped from outside"
    raise Refusal("The renderer %s. Its last lines:\n%s" % (what, last_lines(folder)))


def cancel(folder: str) -> None:
    """Raise the cancel flag."""
    try:
        with open(on_disk(os.path.join(folder, "cancel")), "ab"):
            pass
    except OSError:
        return


def last_lines(folder: str) -> str:
    """The end of the renderer's log and of what it printed."""
    lines: List[str] = []
    for name in ("renderer.log", "renderer.out"):
        try:
            with open(
                on_disk(os.path.join(folder, name)), encoding="utf-8", errors="backslashreplace"
            ) as log:
                lines += [line.rstrip() for line in log if line.strip()][-LAST_LINES:]
        except OSError:
            continue
    return "\n".join("  " + line for line in lines[-LAST_LINES:]) or "  (it said nothing)"


def _start(command: List[str], out: Any) -> Any:
    environment = {k: v for k, v in os.environ.items() if k not in _NOT_HANDED_ON}
    environment["PYTHONIOENCODING"] = "utf-8"
    for name in _LIBRARY_PATHS:
        folders = [f for f in environment.get(name, "").split(os.pathsep) if f]
        kept = [f for f in folders if "resolve" not in f.lower()]
        if kept != folders:
            environment[name] = os.pathsep.join(kept)
    quiet: Dict[str, Any] = {}
    if sys.platform.startswith("win"):
        quiet["creationflags"] = 0x08000000  # CREATE_NO_WINDOW
    try:
        return subprocess.Popen(
            [on_disk(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=on_disk(os.path.expanduser("~")),
            **quiet,
        )
    except (OSError, ValueError) as error:
        raise Refusal(
            "The renderer %s cannot be started: %s. Run 'filmrestore resolve install' again."
            % (command[0], error)
        )


def _tell(
    folder: str, last: Optional[Dict[str, Any]], on_progress: Callable[[Progress], None]
) -> Optional[Dict[str, Any]]:
    """Hand on the status where it is another than the last one."""
    try:
        status = read_json(os.path.join(folder, "status.json"))
    except Refusal:
        return last
    if status != last and status.get("state") not in _FINAL:
        on_progress(
            Progress(
                int(status.get("done") or 0),
                int(status.get("total") or 0),
                status.get("frames_per_second"),
                status.get("seconds_left"),
                str(status.get("message") or ""),
            )
        )
    return status


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return "%d:%02d:%02d" % (hours, minutes, rest) if hours else "%d:%02d" % (minutes, rest)


def wait(seconds: float) -> None:
    """Wait, where there is no window to serve."""
    time.sleep(seconds)
