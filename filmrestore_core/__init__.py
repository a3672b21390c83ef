"""filmrestore: finds damage on scanned film and repairs only that.

The public names below are resolved on first use, so that importing the package loads nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from filmrestore_core.box import Box
    from filmrestore_core.clip import Clip, MatteSource
    from filmrestore_core.errors import (
        DeviceError,
        DeviceMemoryError,
        EncodingError,
        FilmrestoreError,
        LockedFrameError,
        MediaError,
        MissingExtraError,
        MissingFrameError,
        MixedSequenceError,
        ModelContractError,
        ModelError,
        ModelIntegrityError,
        ModelNotFoundError,
        SettingsError,
        Stopped,
        UnreadableFrameError,
        UnwritableFrameError,
    )
    from filmrestore_core.frame import Frame, Part, PixelFormat
    from filmrestore_core.framerange import FrameRange
    from filmrestore_core.matte import DamageClass, DamageMap, Defect, Matte
    from filmrestore_core.media.memory_clip import MemoryClip
    from filmrestore_core.media.open import create_writer, open_clip
    from filmrestore_core.models.card import ModelCard
    from filmrestore_core.models.store import ModelStore
    from filmrestore_core.params import ParamSpec, param_specs
    from filmrestore_core.plate import Plate
    from filmrestore_core.presets import load_preset, preset_names
    from filmrestore_core.report import ClipReport, DamageReport
    from filmrestore_core.restore.clip_view import ExternalMattes
    from filmrestore_core.restore.reach import reach_of
    from filmrestore_core.restore.restorer import Restored, Restorer
    from filmrestore_core.runtime.device import Device
    from filmrestore_core.settings import RestoreSettings
    from filmrestore_core.timecode import Timecode

__version__ = "0.1.0"

_HOMES = {
    "Box": "box",
    "Clip": "clip",
    "ClipReport": "report",
    "DamageClass": "matte",
    "DamageMap": "matte",
    "DamageReport": "report",
    "Defect": "matte",
    "Device": "runtime.device",
    "DeviceError": "errors",
    "DeviceMemoryError": "errors",
    "EncodingError": "errors",
    "ExternalMattes": "restore.clip_view",
    "FilmrestoreError": "errors",
    "Frame": "frame",
    "FrameRange": "framerange",
    "LockedFrameError": "errors",
    "Matte": "matte",
    "MatteSource": "clip",
    "MediaError": "errors",
    "MemoryClip": "media.memory_clip",
    "MissingExtraError": "errors",
    "MissingFrameError": "errors",
    "MixedSequenceError": "errors",
    "ModelCard": "models.card",
    "ModelContractError": "errors",
    "ModelError": "errors",
    "ModelIntegrityError": "errors",
    "ModelNotFoundError": "errors",
    "ModelStore": "models.store",
    "ParamSpec": "params",
    "Part": "frame",
    "PixelFormat": "frame",
    "Plate": "plate",
    "RestoreSettings": "settings",
    "Restored": "restore.restorer",
    "Restorer": "restore.restorer",
    "SettingsError": "errors",
    "Stopped": "errors",
    "Timecode": "timecode",
    "UnreadableFrameError": "errors",
    "UnwritableFrameError": "errors",
    "create_writer": "media.open",
    "load_preset": "presets",
    "open_clip": "media.open",
    "param_specs": "params",
    "preset_names": "presets",
    "reach_of": "restore.reach",
}

__all__ = [
    "Box",
    "Clip",
    "ClipReport",
    "DamageClass",
    "DamageMap",
    "DamageReport",
    "Defect",
    "Device",
    "DeviceError",
    "DeviceMemoryError",
    "EncodingError",
    "ExternalMattes",
    "FilmrestoreError",
    "Frame",
    "FrameRange",
    "LockedFrameError",
    "Matte",
    "MatteSource",
    "MediaError",
    "MemoryClip",
    "MissingExtraError",
    "MissingFrameError",
    "MixedSequenceError",
    "ModelCard",
    "ModelContractError",
    "ModelError",
    "ModelIntegrityError",
    "ModelNotFoundError",
    "ModelStore",
    "ParamSpec",
    "Part",
    "PixelFormat",
    "Plate",
    "RestoreSettings",
    "Restored",
    "Restorer",
    "SettingsError",
    "Stopped",
    "Timecode",
    "UnreadableFrameError",
    "UnwritableFrameError",
    "__version__",
    "create_writer",
    "load_preset",
    "open_clip",
    "param_specs",
    "preset_names",
    "reach_of",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
