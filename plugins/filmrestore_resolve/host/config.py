"""Where the renderer stands: the config that `filmrestore resolve install` wrote.

A menu script has no `__file__`; the installer writes the config's path into the line below, and
without that the folders are looked through in which Resolve keeps menu scripts.
"""

import os
import sys
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from filmrestore_resolve.host.disk import on_disk
from filmrestore_resolve.host.jsonfile import read_json
from filmrestore_resolve.host.messages import Refusal

INSTALLED_CONFIG = None  # set by "filmrestore resolve install"
CONFIG_FILE = "filmrestore_resolve.json"


class Config(NamedTuple):
    """How the renderer is started and where jobs are kept.

    Attributes:
        command: starts filmrestore; arguments are added.
        jobs_folder: one folder a job goes in here, and the user's settings.
        presets: names the dialog offers.
        settings: defaults of the dialog by the path of a setting.
    """

    command: List[str]
    jobs_folder: str
    presets: List[str]
    settings: Dict[str, Any]


def script_folders(
    system: Optional[str] = None,
    environment: Optional[Mapping[str, str]] = None,
    home: Optional[str] = None,
) -> List[str]:
    """Where Resolve looks for menu scripts of every page: the user's, then everyone's."""
    system = sys.platform if system is None else system
    given = os.environ if environment is None else environment
    home = os.path.expanduser("~") if home is None else home
    if system.startswith("win"):
        vendor = r"\Blackmagic Design\DaVinci Resolve"
        roaming = given.get("APPDATA") or home + r"\AppData\Roaming"
        shared = given.get("PROGRAMDATA") or r"C:\ProgramData"
        return [
            roaming + vendor + r"\Support\Fusion\Scripts\Utility",
            shared + vendor + r"\Fusion\Scripts\Utility",
        ]
    if system == "darwin":
        below = (
            "/Library/Application Support/Blackmagic Design/DaVinci Resolve/Fusion/Scripts/Utility"
        )
        return [home + below, below]
    return [
        home + "/.local/share/DaVinciResolve/Fusion/Scripts/Utility",
        "/opt/resolve/Fusion/Scripts/Utility",
        "/home/resolve/Fusion/Scripts/Utility",
    ]


def find_config(
    environment: Optional[Mapping[str, str]] = None, installed: Optional[str] = None
) -> Config:
    """The config in force: named by the environment, by the installer, or beside the scripts.

    Raises:
        Refusal: none is found and no program stands on the path either, or it names no renderer.
    """
    given = os.environ if environment is None else environment
    named = given.get("FILMRESTORE_RESOLVE_CONFIG") or installed or INSTALLED_CONFIG
    places = [named] if named else []
    places += [os.path.join(folder, CONFIG_FILE) for folder in script_folders(None, given)]
    for place in places:
        if os.path.isfile(on_disk(place)):
            return read_config(place)
    if named:
        raise Refusal(
            "The config %s is not there any more. Run 'filmrestore resolve install' again." % named
        )
    python = given.get("FILMRESTORE_PYTHON")
    if python:
        return Config([python, "-m", "filmrestore_core"], default_jobs_folder(), [], {})
    program = _on_path("filmrestore", given)
    if program is None:
        raise Refusal("filmrestore itself is not found. Run 'filmrestore resolve install'.")
    return Config([program], default_jobs_folder(), [], {})


def read_config(path: str) -> Config:
    """Read a config.

    Raises:
        Refusal: it cannot be read, or the renderer it names is not there.
    """
    found = read_json(path)
    command = found.get("renderer")
    if not isinstance(command, list) or not command or not isinstance(command[0], str):
        raise Refusal("%s names no renderer. Run 'filmrestore resolve install' again." % path)
    if not os.path.isfile(on_disk(command[0])):
        raise Refusal(
            "The renderer %s, named by %s, is not there. Run 'filmrestore resolve install' again."
            % (command[0], path)
        )
    jobs = found.get("jobs_folder")
    presets = found.get("presets")
    params = found.get("params")
    return Config(
        [str(part) for part in command],
        jobs if isinstance(jobs, str) and jobs else default_jobs_folder(),
        [p["name"] for p in presets if isinstance(p, dict) and isinstance(p.get("name"), str)]
        if isinstance(presets, list)
        else [],
        {p["path"]: p.get("default") for p in params if isinstance(p, dict) and "path" in p}
        if isinstance(params, list)
        else {},
    )


def default_jobs_folder() -> str:
    """In the user's own data folder."""
    home = os.path.expanduser("~")
    if sys.platform.startswith("win"):
        roots = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    elif sys.platform == "darwin":
        roots = os.path.join(home, "Library", "Application Support")
    else:
        roots = os.environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    return os.path.join(roots, "filmrestore", "resolve")


def _on_path(name: str, environment: Mapping[str, str]) -> Optional[str]:
    endings = ["", ".exe"] if sys.platform.startswith("win") else [""]
    for folder in environment.get("PATH", "").split(os.pathsep):
        for ending in endings:
            path = os.path.join(folder, name + ending)
            if folder and os.access(on_disk(path), os.X_OK) and os.path.isfile(on_disk(path)):
                return path
    return None
