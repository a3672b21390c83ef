"""OpenEXR headers by their bytes: parts, channels, windows, tiles and every attribute as it stands.

Layout after the OpenEXR file layout document.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO

from filmrestore_core.box import Box

MAGIC = b"\x76\x2f\x31\x01"

# Names as OpenImageIO writes them, in the order of the compression byte.
COMPRESSIONS = (
    "none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a",
    "dwaa", "dwab", "htj2k256", "htj2k32",
)  # fmt: skip
_LINES = (1, 1, 1, 16, 32, 16, 32, 32, 32, 256, 256, 32)
_TILED, _DEEP, _MULTIPART = 0x200, 0x800, 0x1000
_LARGEST_SIDE = 1 << 24
_MOST_CHANNELS = 1024
_MOST_CHUNKS = 1 << 24

UINT, HALF, FLOAT = 0, 1, 2
SAMPLE_BYTES = (4, 2, 4)
SAMPLE_DTYPES = ("uint32", "float16", "float32")


@dataclass(frozen=True, slots=True)
class ExrAttribute:
    """One header attribute: its type's name and its bytes."""

    kind: str
    value: bytes


@dataclass(frozen=True, slots=True)
class ExrChannel:
    """One entry of the channel list.

    Attributes:
        name: channel name as text; bytes that are not UTF-8 are kept by surrogates.
        kind: UINT, HALF or FLOAT.
        linear: the pLinear byte, which B44 heeds.
        sampling: (x, y) step in pixels.
    """

    name: str
    kind: int
    linear: int = 0
    sampling: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True)
class ExrTiles:
    """The tile description: size in pixels and whether there are smaller levels."""

    width: int
    height: int
    mode: int

    @property
    def has_levels(self) -> bool:
        """True for mip and rip maps."""
        return self.mode & 0xF != 0


@dataclass(frozen=True, slots=True)
class ExrPart:
    """One part's header.

    Attributes:
        attributes: name -> attribute, in file order.
        channels: the channel list, in file order (sorted by name).
        compression: name out of COMPRESSIONS; "unknown" for a byte beyond them.
        data_window: where its pixels lie.
        tiles: None for scanlines.
        deep: whether it holds deep samples.
        chunk_count: chunks it must have.
    """

    attributes: dict[str, ExrAttribute]
    channels: tuple[ExrChannel, ...]
    compression: str
    data_window: Box
    tiles: ExrTiles | None
    deep: bool
    chunk_count: int

    @property
    def lines_per_chunk(self) -> int:
        """Lines of a scanline chunk, or of a tile."""
        return self.tiles.height if self.tiles else lines_per_chunk(self.compression)

    @property
    def is_lossy(self) -> bool:
        """Whether decoding and encoding these channels again may change a sample."""
        return is_lossy(self.compression, self.channels)

    @property
    def refusal(self) -> str | None:
        """Why its pixels cannot be edited exactly; None where they can."""
        if self.deep:
            return "deep EXR"
        if any(c.sampling != (1, 1) for c in self.channels):
            return "EXR with subsampled channels"
        if self.tiles and self.tiles.has_levels:
            return "EXR with mip or rip levels"
        if self.compression == "unknown":
            return "EXR with a compression unknown here"
        return None


def lines_per_chunk(compression: str) -> int:
    """Lines of a scanline chunk."""
    return _LINES[COMPRESSIONS.index(compression)] if compression in COMPRESSIONS else 1


def is_lossy(compression: str, channels: tuple[ExrChannel, ...]) -> bool:
    """Whether saving these channels with this compression may change samples."""
    kinds = {c.kind for c in channels}
    if compression in ("dwaa", "dwab"):
        return True
    if compression in ("b44", "b44a"):
        return HALF in kinds
    return compression == "pxr24" and FLOAT in kinds


def read_headers(path: Path) -> tuple[ExrPart, ...]:
    """Read the headers of a file.

    Raises:
        ValueError: no OpenEXR file, or impossible values; the text is the reason.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return HeaderReader(file).headers()[1]


def attribute_bytes(name: str, attribute: ExrAttribute) -> bytes:
    """A header attribute as it stands in a file."""
    head = b"".join(t.encode("utf-8", "surrogateescape") + b"\0" for t in (name, attribute.kind))
    return head + struct.pack("<i", len(attribute.value)) + attribute.value


def channel_list_bytes(channels: tuple[ExrChannel, ...]) -> bytes:
    """A channel list attribute's value; sorted by name, as the format wants it."""
    out = b""
    for c in sorted(channels, key=lambda c: c.name.encode("utf-8", "surrogateescape")):
        out += c.name.encode("utf-8", "surrogateescape") + b"\0"
        out += struct.pack("<iB3xii", c.kind, c.linear, *c.sampling)
    return out + b"\0"


class HeaderReader:
    """Reads one open file from its start, with the checks that keep a wrong header harmless."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.size = file.seek(0, 2)
        file.seek(0)

    def headers(self) -> tuple[bool, tuple[ExrPart, ...]]:
        """(whether the file is multi-part, its parts); the file then stands at its tables.

        Raises:
            ValueError: no OpenEXR file, or impossible values; the text is the reason.
        """
        if self.take(4) != MAGIC:
            raise ValueError("it does not begin like an OpenEXR file")
        (version,) = struct.unpack("<I", self.take(4))
        if version & 0xFF != 2:
            raise ValueError(f"its version is {version & 0xFF}, not 2")
        multipart = bool(version & _MULTIPART)
        parts = []
        while True:
            attributes = dict(self._attributes())
            if multipart and not attributes:
                break
            parts.append(_part(attributes, version))
            if not multipart:
                break
            if len(parts) > _MOST_CHANNELS:
                raise ValueError(f"it has more than {_MOST_CHANNELS} parts")
        if not parts:
            raise ValueError("it has no part")
        return multipart, tuple(parts)

    def _attributes(self) -> Iterator[tuple[str, ExrAttribute]]:
        while name := self._text():
            kind = self._text()
            (length,) = struct.unpack("<i", self.take(4))
            if not 0 <= length <= self.size:
                raise ValueError(f"its attribute '{name}' claims {length} bytes")
            yield name, ExrAttribute(kind, self.take(length))

    def _text(self) -> str:
        out = bytearray()
        while (byte := self.take(1)) != b"\0":
            out += byte
            if len(out) > 255:
                raise ValueError("its header holds a name of more than 255 bytes")
        return out.decode("utf-8", "surrogateescape")

    def take(self, count: int) -> bytes:
        """The next bytes.

        Raises:
            ValueError: the file ends before.
        """
        data = self.file.read(count)
        if len(data) != count:
            raise ValueError(f"the file ends at byte {self.size}, inside its header or tables")
        return data


def _part(attributes: dict[str, ExrAttribute], version: int) -> ExrPart:
    def value(name: str, kind: str, size: int | None = None) -> bytes:
        found = attributes.get(name)
        if found is None or found.kind != kind or size not in (None, len(found.value)):
            raise ValueError(f"its header has no proper '{name}'")
        return found.value

    x0, y0, x1, y1 = struct.unpack("<4i", value("dataWindow", "box2i", 16))
    width, height = x1 - x0 + 1, y1 - y0 + 1
    if not (0 < width <= _LARGEST_SIDE and 0 < height <= _LARGEST_SIDE):
        raise ValueError(f"its header claims a data window of {width} x {height} pixels")
    box = Box(x0, y0, width, height)
    channels = tuple(_channels(value("channels", "chlist")))
    byte = value("compression", "compression", 1)[0]
    compression = COMPRESSIONS[byte] if byte < len(COMPRESSIONS) else "unknown"
    kind = attributes["type"].value.decode("latin-1") if "type" in attributes else ""
    deep = kind.startswith("deep") or bool(version & _DEEP and not kind)
    tiled = kind in ("tiledimage", "deeptile") or (not kind and bool(version & _TILED))
    tiles = None
    if tiled or (kind not in ("scanlineimage", "deepscanline") and version & _TILED):
        tile_width, tile_height, mode = struct.unpack("<IIB", value("tiles", "tiledesc", 9))
        if not (0 < tile_width <= _LARGEST_SIDE and 0 < tile_height <= _LARGEST_SIDE):
            raise ValueError(f"its header claims tiles of {tile_width} x {tile_height} pixels")
        tiles = ExrTiles(tile_width, tile_height, mode)
    if tiles:
        count = sum(-(-w // tiles.width) * -(-h // tiles.height) for w, h in _levels(box, tiles))
    else:
        count = -(-height // lines_per_chunk(compression))
    if compression == "unknown" and "chunkCount" in attributes:
        (count,) = struct.unpack("<i", value("chunkCount", "int", 4))
    if not 0 < count <= _MOST_CHUNKS:
        raise ValueError(f"its header wants {count} chunks")
    return ExrPart(attributes, channels, compression, box, tiles, deep, count)


def _channels(data: bytes) -> Iterator[ExrChannel]:
    at, count = 0, 0
    while at < len(data) and data[at]:
        end = data.find(b"\0", at)
        if end < 0 or end + 17 > len(data):
            raise ValueError("its channel list is cut short")
        kind, linear, x, y = struct.unpack_from("<iB3xii", data, end + 1)
        name = data[at:end].decode("utf-8", "surrogateescape")
        if kind not in (UINT, HALF, FLOAT) or x < 1 or y < 1:
            raise ValueError(f"its channel '{name}' has type {kind} and sampling {x} x {y}")
        yield ExrChannel(name, kind, linear, (x, y))
        at, count = end + 17, count + 1
        if count > _MOST_CHANNELS:
            raise ValueError(f"it has more than {_MOST_CHANNELS} channels")
    if count == 0:
        raise ValueError("it has no channel")


def _levels(box: Box, tiles: ExrTiles) -> Iterator[tuple[int, int]]:
    """(width, height) of every level."""
    up = tiles.mode >> 4 & 0xF == 1

    def sizes(side: int) -> list[int]:
        count = (side - 1).bit_length() + 1 if up else side.bit_length()
        return [max(1, -(-side // (1 << n)) if up else side >> n) for n in range(count)]

    mode = tiles.mode & 0xF
    if mode == 0:
        yield box.width, box.height
    elif mode == 1:
        widths, heights = sizes(box.width), sizes(box.height)
        yield from zip_longest(widths, heights, fillvalue=1)
    else:
        for height in sizes(box.height):
            for width in sizes(box.width):
                yield width, height
