"""ImageHeader, PartHeader, WriteNotes: what is said about an image file besides its samples."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from filmrestore_core.box import Box
from filmrestore_core.frame import AttributeValue, PixelFormat
from filmrestore_core.media.exr_header import SAMPLE_DTYPES, ExrPart


@dataclass(frozen=True, slots=True, eq=False)
class PartHeader:
    """One part as its header describes it.

    Attributes:
        name: part name; "" where the file has none.
        formats: channel name -> how its samples are stored, in file order.
        data_window: where the samples lie.
        display_window: the picture's frame.
        compression: the format's own word ("zip", "dwaa:45", "none", "lzw"); "" where it has none.
        attributes: metadata by the reader's names.
    """

    name: str
    formats: Mapping[str, PixelFormat]
    data_window: Box
    display_window: Box
    compression: str = ""
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)

    @property
    def channels(self) -> tuple[str, ...]:
        """Channel names in file order."""
        return tuple(self.formats)


@dataclass(frozen=True, slots=True, eq=False)
class ImageHeader:
    """What a file says about itself before a sample is read.

    Attributes:
        path: the file.
        format: "openexr", "dpx", "cineon", "tiff" or "png".
        nbytes: size of the file.
        parts: one per EXR part or TIFF page, one for other files; may be empty where locked.
        locked: why the file may be copied but not edited; None where it can be restored.
        notes: things the user should read.
    """

    path: Path
    format: str
    nbytes: int
    parts: tuple[PartHeader, ...]
    locked: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def timecode(self) -> str | None:
        """The first part's SMPTE time code as HH:MM:SS:FF (";FF" for drop frame), where present."""
        for part in self.parts:
            value = part.attributes.get("smpte:TimeCode")
            if isinstance(value, tuple) and len(value) == 2:
                return timecode_text(int(value[0]))
        return None

    @property
    def keycode(self) -> tuple[int, ...] | None:
        """The first part's film key code (manufacturer, type, prefix, count, offset, ...)."""
        for part in self.parts:
            value = part.attributes.get("smpte:KeyCode")
            if isinstance(value, tuple):
                return tuple(int(v) for v in value)
        return None


@dataclass(frozen=True, slots=True)
class WriteNotes:
    """What a reader of the report should know about a file that was written.

    Attributes:
        notes: one sentence each; what was changed or lost besides the restored samples.
        compression: what the first part is stored with now.
    """

    notes: tuple[str, ...] = ()
    compression: str = ""


def exr_part_header(part: ExrPart) -> PartHeader:
    """An EXR part's header where the library cannot open the file."""
    formats = {c.name: PixelFormat.of(SAMPLE_DTYPES[c.kind]) for c in part.channels}
    name = part.attributes.get("name")
    display = part.attributes.get("displayWindow")
    window = part.data_window
    if display is not None and len(display.value) == 16:
        x0, y0, x1, y1 = struct.unpack("<4i", display.value)
        window = Box(x0, y0, max(0, x1 - x0 + 1), max(0, y1 - y0 + 1))
    return PartHeader(
        name.value.decode("utf-8", "replace") if name else "",
        formats,
        part.data_window,
        window,
        part.compression,
    )


def timecode_text(word: int) -> str:
    """An SMPTE 12M time-and-user-bits word (binary coded decimal) as text."""
    frames = (word & 0xF) + 10 * (word >> 4 & 0x3)
    seconds = (word >> 8 & 0xF) + 10 * (word >> 12 & 0x7)
    minutes = (word >> 16 & 0xF) + 10 * (word >> 20 & 0x7)
    hours = (word >> 24 & 0xF) + 10 * (word >> 28 & 0x3)
    mark = ";" if word & 0x40 else ":"
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{frames:02d}"
