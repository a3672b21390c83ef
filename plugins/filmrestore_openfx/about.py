"""What the About group and the doctor say of this installation."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from filmrestore_core import (
    Device,
    FilmrestoreError,
    ModelStore,
    __version__,
    default_user_folder,
    find_device,
)


def about() -> tuple[str, str, str, str]:
    """Version, models, device and log file, each as one line."""
    return f"filmrestore {__version__}", models_line(), device_line(), str(log_path())


def models_line() -> str:
    """The package's models and the user's own, or what is wrong with them."""
    try:
        cards = ModelStore(default_user_folder()).cards()
    except FilmrestoreError as error:
        return str(error)
    newest: dict[str, str] = {}
    for card in cards:
        newest.setdefault(card.id, card.version)
    return ", ".join(f"{name} {version}" for name, version in newest.items()) or "none"


def device_line(device: Device = Device.AUTO) -> str:
    """Where nets would run here."""
    try:
        return find_device(device).reason
    except FilmrestoreError as error:
        return str(error)


def log_path() -> Path:
    """Where the shim and the worker write what happened; the shim has the same rule."""
    named = os.environ.get("FILMRESTORE_OFX_LOG")
    if named:
        return Path(named)
    if sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    elif sys.platform == "darwin":
        folder = Path.home() / "Library/Logs"
    else:
        folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    return folder / "filmrestore" / "openfx.log"
