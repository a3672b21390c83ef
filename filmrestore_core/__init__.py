"""filmrestore: finds damage on scanned film and repairs only that.

The public names below are resolved on first use, so that importing the package loads nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from filmrestore_core.box import Box
    from filmrestore_core.cli.outputs import Plan, deliver
    from filmrestore_core.cli.progress import ProgressStyle
    from filmrestore_core.cli.run import Ended
    from filmrestore_core.cli.stop import StopFlag
    from filmrestore_core.clip import Clip, MatteSource
    from filmrestore_core.color.encoding import find_encoding
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
    from filmrestore_core.media.open import create_writer, open_clip, source_files
    from filmrestore_core.media.sequence import SequencePattern, is_movie
    from filmrestore_core.media.sequence_clip import SequenceClip
    from filmrestore_core.models.card import ModelCard
    from filmrestore_core.models.store import ModelStore, default_user_folder
    from filmrestore_core.params import ParamSpec, param_specs
    from filmrestore_core.plate import Plate
    from filmrestore_core.presets import load_preset, preset_description, preset_names
    from filmrestore_core.report import ClipReport, DamageReport
    from filmrestore_core.restore.clip_view import ExternalMattes
    from filmrestore_core.restore.reach import reach_of
    from filmrestore_core.restore.restorer import Restored, Restorer
    from filmrestore_core.restore.sequence import FrameDone
    from filmrestore_core.runtime.device import Device
    from filmrestore_core.runtime.session import find_device
    from filmrestore_core.settings import RestoreSettings
    from filmrestore_core.timecode import Timecode
    from filmrestore_core.versions import fingerprint

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
    "Ended": "cli.run",
    "ExternalMattes": "restore.clip_view",
    "FilmrestoreError": "errors",
    "Frame": "frame",
    "FrameDone": "restore.sequence",
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
    "Plan": "cli.outputs",
    "Plate": "plate",
    "ProgressStyle": "cli.progress",
    "RestoreSettings": "settings",
    "Restored": "restore.restorer",
    "Restorer": "restore.restorer",
    "SequenceClip": "media.sequence_clip",
    "SequencePattern": "media.sequence",
    "SettingsError": "errors",
    "StopFlag": "cli.stop",
    "Stopped": "errors",
    "Timecode": "timecode",
    "UnreadableFrameError": "errors",
    "UnwritableFrameError": "errors",
    "create_writer": "media.open",
    "find_device": "runtime.session",
    "default_user_folder": "models.store",
    "deliver": "cli.outputs",
    "find_encoding": "color.encoding",
    "fingerprint": "versions",
    "is_movie": "media.sequence",
    "load_preset": "presets",
    "open_clip": "media.open",
    "param_specs": "params",
    "preset_description": "presets",
    "preset_names": "presets",
    "reach_of": "restore.reach",
    "source_files": "media.open",
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
    "Ended",
    "ExternalMattes",
    "FilmrestoreError",
    "Frame",
    "FrameDone",
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
    "Plan",
    "Plate",
    "ProgressStyle",
    "RestoreSettings",
    "Restored",
    "Restorer",
    "SequenceClip",
    "SequencePattern",
    "SettingsError",
    "StopFlag",
    "Stopped",
    "Timecode",
    "UnreadableFrameError",
    "UnwritableFrameError",
    "__version__",
    "create_writer",
    "default_user_folder",
    "deliver",
    "find_device",
    "find_encoding",
    "fingerprint",
    "is_movie",
    "load_preset",
    "open_clip",
    "param_specs",
    "preset_description",
    "preset_names",
    "reach_of",
    "source_files",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
