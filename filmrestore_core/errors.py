"""The exception tree of filmrestore.

FilmrestoreError(Exception)
├─ SettingsError(ValueError)           a preset, flag or parameter; says the key
├─ MediaError
│  ├─ MissingFrameError(LookupError)
│  ├─ UnreadableFrameError(OSError)
│  ├─ UnwritableFrameError(OSError)
│  ├─ LockedFrameError                 can be copied as it is, but not restored
│  └─ MixedSequenceError               size, channels or windows change where they must not
├─ EncodingError(ValueError)
├─ ModelError
│  ├─ ModelNotFoundError(LookupError)
│  ├─ ModelIntegrityError              the bytes are not those that were published
│  └─ ModelContractError               the graph is not what its card says
├─ DeviceError(RuntimeError)           no such device, or it cannot do the work
│  └─ DeviceMemoryError                it has too little memory
├─ MissingExtraError                   says which extra to install
└─ Stopped                             asked to; nothing is wrong

Every message is one sentence: where, what was found, what would be right.
"""

from __future__ import annotations

from pathlib import Path


class FilmrestoreError(Exception):
    """Base of every error a user may see.

    Attributes:
        frame: frame number the error is about, where known.
        path: file the error is about, where known.
        hint: what would make it right, where known.
    """

    def __init__(
        self,
        message: str,
        *,
        frame: int | None = None,
        path: str | Path | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.frame = frame
        self.path = None if path is None else Path(path)
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message} ({self.hint})"


class SettingsError(FilmrestoreError, ValueError):
    """A preset, project file, flag or parameter is wrong."""


class MediaError(FilmrestoreError):
    """A clip, frame or file cannot be used as asked."""


class MissingFrameError(MediaError, LookupError):
    """The frame number does not exist in the clip."""


class UnreadableFrameError(MediaError, OSError):
    """The file exists but cannot be read, or not exactly."""


class UnwritableFrameError(MediaError, OSError):
    """The result could not be written whole; nothing was left under its final name."""


class LockedFrameError(MediaError):
    """The frame can be passed through unchanged but its kind of file cannot be edited exactly."""


class MixedSequenceError(MediaError):
    """Size, channels or windows change inside a clip where they must not."""


class EncodingError(FilmrestoreError, ValueError):
    """An encoding name is unknown or does not fit the picture."""


class ModelError(FilmrestoreError):
    """A model file or its card cannot be used."""


class ModelNotFoundError(ModelError, LookupError):
    """No store has a model of that name."""


class ModelIntegrityError(ModelError):
    """The file is not the one that was published, or not whole in itself."""


class ModelContractError(ModelError):
    """The card is wrong, or the graph is not what its card says."""


class DeviceError(FilmrestoreError, RuntimeError):
    """The asked-for device is not available, or cannot do the work."""


class DeviceMemoryError(DeviceError):
    """The device has too little memory for the work."""


class MissingExtraError(FilmrestoreError):
    """An optional dependency is not installed."""


class Stopped(FilmrestoreError):
    """Work ended because it was asked to."""
