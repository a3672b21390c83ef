"""Which metadata is handed on to a new file, and which a reader must not believe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from filmrestore_core.frame import AttributeValue

# True of one file only: its storage, hashes and statistics of its pixels, its date.
_OF_THE_FILE = (
    "oiio:", "openexr:", "tiff:", "png:", "dpx:", "cineon:", "thumbnail", "nuke/", "Exif:", "GPS:",
)  # fmt: skip
_NEVER = frozenset(
    {
        "compression", "textureformat", "DateTime", "name", "view", "type", "chunkCount",
        "planarconfig", "version", "capDate", "acesImageContainerFlag", "ICCProfile",
        "Orientation", "screenWindowCenter", "screenWindowWidth", "CompressionQuality",
    }
)  # fmt: skip

_TUPLES = {
    "smpte:TimeCode": (2, "timecode"),
    "smpte:KeyCode": (7, "keycode"),
    "FramesPerSecond": (2, "rational"),
    "chromaticities": (8, "float[8]"),
}


def for_new_file(
    attributes: Mapping[str, AttributeValue],
) -> dict[str, tuple[str | None, AttributeValue]]:
    """Attributes a new file may carry: name -> (library type name or None, value)."""
    kept: dict[str, tuple[str | None, AttributeValue]] = {}
    for name, value in attributes.items():
        if name in _NEVER or name.startswith(_OF_THE_FILE):
            continue
        is_text = isinstance(value, str) and value and value.isprintable()
        if is_text or (isinstance(value, (int, float)) and not isinstance(value, bool)):
            kept[name] = (None, value)
        elif isinstance(value, tuple) and name in _TUPLES and len(value) == _TUPLES[name][0]:
            kept[name] = (_TUPLES[name][1], value)
    return kept


def believable(
    attributes: Mapping[str, AttributeValue], *, key_code_is_set: bool = True
) -> dict[str, AttributeValue]:
    """Attributes without those that only show bytes nobody has set.

    DPX marks a field as not set by 0xFF bytes, which the library hands out as text and as a
    key code.
    """
    return {
        name: value
        for name, value in attributes.items()
        if not (isinstance(value, str) and _is_unset(value))
        and (key_code_is_set or name != "smpte:KeyCode")
    }


def _is_unset(text: str) -> bool:
    return bool(text.strip()) and not text.replace("\ufffd", "").strip()


def plain(value: Any) -> AttributeValue:
    """A library value as text, number, tuple of numbers, or bytes; text can be printed."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if hasattr(value, "tobytes"):  # a numpy array
        return value.tobytes() if value.dtype.itemsize == 1 else tuple(value.tolist())
    return value
