"""A DPX file as a Frame: our own samples, the library's metadata."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from filmrestore_core.box import Box
from filmrestore_core.frame import AttributeValue, Frame, Part, PixelFormat
from filmrestore_core.media import dpx
from filmrestore_core.media.attributes import believable
from filmrestore_core.media.image_header import PartHeader

# As the library words them.
_TRANSFERS = {
    1: "Printing density", 2: "Linear", 3: "Logarithmic", 4: "Unspecified video",
    5: "SMPTE 274M", 6: "ITU-R 709-4", 7: "ITU-R 601-5 system B or G",
    8: "ITU-R 601-5 system M", 9: "NTSC composite video", 10: "PAL composite video",
}  # fmt: skip


def dpx_frame(path: Path, number: int, header: dpx.DpxHeader, said: PartHeader) -> Frame:
    """Decode a file.

    Args:
        path: the file.
        number: frame number.
        header: its parsed header, not locked.
        said: from `dpx_part_header`.

    Returns:
        The frame; one that looks like a copy that never finished is locked and has no parts, or
        has a note where it may be a picture after all.

    Raises:
        ValueError: the file is too short.
        OSError: the file cannot be read.
    """
    data = np.fromfile(path, np.uint8)
    planes = dpx.picture_planes(header, data)
    part = Part("", planes, said.formats, said.data_window, said.display_window, said.attributes)
    parts = (part, *dpx.other_parts(header, data))
    tail = dpx.unwritten_tail(header, data)
    if tail is None:
        return Frame(number, parts, path)
    lines = f"lines {tail[0]} to {header.height - 1} of {header.height} hold only zeros"
    if tail[1]:
        return Frame(number, (), path, f"DPX that looks unfinished: {lines}")
    return Frame(number, parts, path, notes=(f"In {path.name} {lines}; was the file finished?",))


def dpx_part_header(header: dpx.DpxHeader, said: PartHeader | None) -> PartHeader:
    """The library's header with our own formats and without fields that nobody has set.

    Args:
        header: our own reading.
        said: the library's; None where it cannot open the file, as it does over a wrong length of
            user data. Then only what the encoding and the time hang on is told.
    """
    formats: dict[str, PixelFormat] = {}
    for element in header.picture:
        formats.update(element.formats())
    box = Box.of_size(header.width, header.height)
    if said is None:
        attributes: dict[str, AttributeValue] = {
            "dpx:Transfer": _TRANSFERS.get(header.transfer, "")
        }
        if header.timecode is not None:
            attributes["smpte:TimeCode"] = header.timecode
        return PartHeader("", formats, box, box, "", attributes)
    return replace(
        said,
        formats=formats,
        data_window=box,
        display_window=box,
        attributes=believable(said.attributes, key_code_is_set=header.has_key_code),
    )
