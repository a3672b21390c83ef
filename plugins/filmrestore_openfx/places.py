"""Where OpenFX bundles lie on each system, and what hosts must be told to look there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

BUNDLE = "filmrestore.ofx.bundle"
SEARCH_VARIABLE = "OFX_PLUGIN_PATH"


def separator(system: str = sys.platform) -> str:
    """Between the folders of OFX_PLUGIN_PATH."""
    return ":" if system not in ("win32", "darwin") else ";"


def system_folder(system: str = sys.platform) -> Path:
    """Where every host looks; writing there takes admin rights."""
    if system == "win32":
        common = os.environ.get("COMMONPROGRAMFILES") or r"C:\Program Files\Common Files"
        return Path(common) / "OFX" / "Plugins"
    if system == "darwin":
        return Path("/Library/OFX/Plugins")
    return Path("/usr/OFX/Plugins")


def user_folder(system: str = sys.platform) -> Path:
    """A folder of the user's own, for which OFX_PLUGIN_PATH must be set."""
    if system == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    elif system == "darwin":
        base = Path.home() / "Library"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    return base / "OFX" / "Plugins"


def search_path() -> tuple[Path, ...]:
    """The folders that a host started from this environment would search, in order."""
    named = os.environ.get(SEARCH_VARIABLE, "").split(separator())
    return (*(Path(folder) for folder in named if folder), system_folder())


def is_searched(folder: Path) -> bool:
    """Whether a host started from this environment would look into a folder."""
    return any(_same(folder, searched) for searched in search_path())


def advice(folder: Path, system: str = sys.platform) -> str:
    """What to set so that hosts find a folder."""
    if system == "win32":
        return f'setx {SEARCH_VARIABLE} "{folder}"'
    if system == "darwin":
        return f"launchctl setenv {SEARCH_VARIABLE} '{folder}'"
    return f"export {SEARCH_VARIABLE}='{folder}'${{{SEARCH_VARIABLE}:+:${SEARCH_VARIABLE}}}"


def _same(one: Path, other: Path) -> bool:
    try:
        return one.resolve() == other.resolve()
    except OSError:
        return one == other
