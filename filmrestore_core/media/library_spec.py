"""What the imaging library says and wants of an image, in our words.

Takes the library's specification objects as they come; only `image_file` knows the library itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.frame import Part, PixelFormat
from filmrestore_core.media.attributes import plain
from filmrestore_core.media.image_header import PartHeader

# A name the library does not know (such as "uint32") it silently takes for half.
TYPE_NAMES = {
    "float16": "half",
    "float32": "float",
    "uint32": "uint",
    "int32": "int",
    "uint16": "uint16",
    "int16": "int16",
    "uint8": "uint8",
}
"""numpy dtype name -> the library's name."""

NEW_KINDS = {
    "openexr": {("float16", 16), ("float32", 32), ("uint32", 32)},
    "png": {("uint8", 8), ("uint16", 16)},
    "tiff": {
        ("uint8", 8), ("uint16", 10), ("uint16", 12), ("uint16", 16), ("uint32", 32),
        ("float32", 32),
    },
}  # fmt: skip
"""Format -> (dtype, bits) a new file of the library's can hold without a loss."""

_DTYPES = {name: dtype for dtype, name in TYPE_NAMES.items()}


def part_header(spec: Any, kind: str) -> PartHeader:
    """A part's header out of a specification.

    Args:
        spec: as the reader gave it.
        kind: the file's format.

    Raises:
        ValueError: its samples are of a type that no Frame holds.
    """
    formats = {}
    bits = int(spec.get_int_attribute("oiio:BitsPerSample", 0)) if kind != "openexr" else 0
    for name, channel in zip(spec.channelnames, spec.get_channelformats(), strict=True):
        dtype = _DTYPES.get(str(channel))
        if dtype is None:
            raise ValueError(f"its samples are of type {channel}")
        whole = np.dtype(dtype).itemsize * 8
        integer = not dtype.startswith("float")
        formats[name] = PixelFormat(dtype, bits if integer and 0 < bits < whole else whole)
    return PartHeader(
        spec.get_string_attribute("oiio:subimagename") or spec.get_string_attribute("name"),
        formats,
        Box(spec.x, spec.y, spec.width, spec.height),
        Box(spec.full_x, spec.full_y, spec.full_width, spec.full_height),
        spec.get_string_attribute("compression"),
        {a.name: plain(a.value) for a in spec.extra_attribs},
    )


def new_kind(part: Part, kind: str) -> tuple[str, int]:
    """(dtype, bits) of a part that is to go into a new file.

    Raises:
        ValueError: the format cannot hold them, or channels differ.
    """
    found = {(f.dtype, f.bits) for f in part.formats.values()}
    if len(found) != 1 or not found <= NEW_KINDS[kind]:
        said = " and ".join(sorted(f"{dtype} of {bits} bits" for dtype, bits in found))
        raise ValueError(f"a new {kind} file cannot hold {said}")
    return found.pop()


def refuse_windows(part: Part, kind: str) -> None:
    """Raise where a format without windows would silently lose a part's.

    Raises:
        ValueError: the data window does not begin at (0, 0) or is not the display window.
    """
    if part.data_window != Box.of_size(*part.data_window.shape[::-1]) or (
        part.display_window != part.data_window
    ):
        raise ValueError(
            f"a {kind} file has no windows, so it cannot hold a picture at {part.data_window} of "
            f"{part.display_window}"
        )


def stored_samples(part: Part) -> NDArray[Any]:
    """(H, W, C) as the library wants them: codes of fewer bits spread over the whole word."""
    planes = []
    for name, plane in part.planes.items():
        fmt = part.formats[name]
        spare = plane.dtype.itemsize * 8 - fmt.bits
        if spare and not fmt.is_float:
            plane = (plane << spare) | (plane >> (fmt.bits - spare))
        planes.append(plane)
    return np.stack(planes, axis=-1)
