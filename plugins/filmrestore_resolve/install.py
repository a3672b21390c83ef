"""The menu scripts and their config into Resolve's folders, and out again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filmrestore_core import (
    SettingsError,
    UnwritableFrameError,
    __version__,
    param_specs,
    preset_description,
    preset_names,
)
from filmrestore_resolve.host.config import CONFIG_FILE, script_folders
from filmrestore_resolve.job import MovieFrames
from filmrestore_resolve.menu_script import menu_script
from filmrestore_resolve.whole_file import write_json, write_text

CONFIG_KIND = "filmrestore.resolve.config"
SCRIPTS = {"filmrestore.py": "restore", "filmrestore - remove results.py": "remove"}
"""Names in Resolve's menu -> action."""

_LINE = 'INSTALLED_CONFIG = None  # set by "filmrestore resolve install"'
_OURS = "# filmrestore for DaVinci Resolve"
_VERSION_S = 120


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installation wrote.

    Attributes:
        folder: where.
        files: what.
        is_new_folder: True where not even Resolve's own folder above it was there.
    """

    folder: Path
    files: tuple[Path, ...]
    is_new_folder: bool


def menu_folder(
    *,
    all_users: bool = False,
    system: str | None = None,
    environment: Mapping[str, str] | None = None,
    home: str | None = None,
) -> Path:
    """The folder whose scripts Resolve lists on every page.

    Args:
        all_users: for everyone on this machine, not for this user.
        system: as `sys.platform`; this one where None.
        environment: this process's where None.
        home: this user's where None.
    """
    user, *shared = map(Path, script_folders(system, environment, home))
    if not all_users:
        return user
    # Resolve's own folder decides which of its two places on Linux is meant.
    there = (place for place in shared[1:] if place.parents[2].is_dir())
    return shared[0] if not shared[1:] or shared[0].parents[2].is_dir() else next(there, shared[0])


def script_text(action: str, config: Path) -> str:
    """A menu script that knows where its config lies.

    Raises:
        SettingsError: the script has no place for it.
    """
    text = menu_script(action)
    if text.count(_LINE) != 1:
        raise SettingsError(f"The menu script '{action}' has no line '{_LINE}'.")
    # ASCII only: Resolve's Python may read it under any locale.
    return text.replace(_LINE, f"INSTALLED_CONFIG = {str(config)!a}")


def config_values(interpreter: Path, jobs_folder: str | None) -> dict[str, Any]:
    """The config as JOB.md has it."""
    return {
        "kind": CONFIG_KIND,
        "schema": 1,
        "version": __version__,
        "interpreter": str(interpreter),
        "renderer": [str(interpreter), "-m", "filmrestore_core"],
        "jobs_folder": jobs_folder,
        "presets": [{"name": n, "description": preset_description(n)} for n in preset_names()],
        "params": [asdict(spec) for spec in param_specs()],
        "movie_frames": [str(kind) for kind in MovieFrames],
    }


def install(
    folder: Path, *, interpreter: Path | None = None, jobs_folder: str | None = None
) -> Installed:
    """Write the menu scripts and their config; an older installation is replaced.

    Args:
        folder: Resolve's Scripts/Utility.
        interpreter: Python that has filmrestore; this one where None.
        jobs_folder: where jobs are kept; each user's own where None.

    Raises:
        SettingsError: the interpreter has no filmrestore, or a file of another's is in the way.
        UnwritableFrameError: the folder cannot be written.
    """
    python = Path(sys.executable) if interpreter is None else interpreter.absolute()
    is_new = not folder.absolute().parent.parent.is_dir()
    config = folder.absolute() / CONFIG_FILE
    texts = {folder / name: script_text(action, config) for name, action in SCRIPTS.items()}
    for path in texts:
        if path.exists() and not is_ours(path):
            raise SettingsError(
                f"{path} is a script of someone else's.", path=path, hint="rename or remove it"
            )
    renderer_version(python)
    # The config first: a script without it would not find the renderer.
    write_json(config, config_values(python, jobs_folder))
    for path, text in texts.items():
        write_text(path, text)
    return Installed(folder, (*texts, config), is_new)


def uninstall(folder: Path) -> tuple[Path, ...]:
    """Remove what `install` wrote, and nothing else; gives what was removed.

    Raises:
        UnwritableFrameError: a file cannot be removed.
    """
    removed = []
    for path in [folder / name for name in SCRIPTS] + [folder / CONFIG_FILE]:
        if not path.exists() or not is_ours(path):
            continue
        try:
            path.unlink()
        except OSError as error:
            refused = UnwritableFrameError(
                f"{path} cannot be removed: {(error.strerror or str(error)).lower()}.", path=path
            )
            refused.errno = error.errno
            raise refused from error
        removed.append(path)
    return tuple(removed)


def is_ours(path: Path) -> bool:
    """True where `install` wrote the file."""
    try:
        text = path.read_text("utf-8", errors="replace")
    except OSError:
        return False
    if path.suffix != ".json":
        return text.startswith(_OURS)
    return read_config(path).get("kind") == CONFIG_KIND


def read_config(path: Path) -> dict[str, Any]:
    """The config's values; none where it cannot be read."""
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def renderer_version(interpreter: Path) -> str:
    """What a Python's filmrestore says its version is.

    Raises:
        SettingsError: there is none.
    """
    command = [str(interpreter), "-m", "filmrestore_core", "--version"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_VERSION_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        what = getattr(error, "strerror", None) or "it does not answer"
        raise SettingsError(
            f"The Python {interpreter} cannot be used: {what}.", path=interpreter
        ) from error
    if done.returncode:
        raise SettingsError(
            f"The Python {interpreter} has no filmrestore.",
            path=interpreter,
            hint="install it there, or name another with --interpreter",
        )
    return done.stdout.strip().removeprefix("filmrestore").strip()
