"""TIFF directories by their bytes: what each page is stored as and where its strips and tiles lie.

TIFF 6.0 and BigTIFF. The library reads the samples; this finds files cut short (which it reads
without a word), kinds that cannot be edited exactly, and the places to patch.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

NONE, LZW, DEFLATE, OLD_DEFLATE = 1, 5, 8, 32946

_SIZES = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}  # or 1
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}
_MOST_PAGES = 1024
_YCBCR = 6
_COMPRESSION_NAMES = {
    2: "fax", 3: "fax", 4: "fax", 6: "old JPEG", 7: "JPEG", 32773: "packbits", 34676: "SGILog",
    34677: "SGILog", 34925: "LZMA", 50000: "ZSTD", 50001: "WebP",
}  # fmt: skip
_PHOTOMETRIC_NAMES = {
    0: "min-is-white", 3: "palette", 4: "transparency mask", 5: "CMYK", 6: "YCbCr", 8: "Lab",
    9: "Lab", 10: "Lab", 32844: "LogL", 32845: "LogLuv",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TiffField:
    """One directory entry: type, count, and the file position of its values."""

    kind: int
    count: int
    at: int


@dataclass(frozen=True, slots=True)
class TiffPage:
    """One page.

    Attributes:
        width: pixels on a line.
        height: lines.
        bits: bits of each sample.
        sample_format: 1 unsigned, 2 signed, 3 IEEE float.
        photometric: the PhotometricInterpretation tag.
        compression: the Compression tag.
        predictor: the Predictor tag.
        fill_order: the FillOrder tag.
        separate: whether each channel lies in blocks of its own.
        block_width: width of a tile, or the page's.
        block_height: height of a tile, or lines of a strip.
        tiled: whether blocks are tiles.
        offsets: (N,) file positions of strips or tiles.
        counts: (N,) their lengths in bytes.
        offset_field: where `offsets` are stored.
        count_field: where `counts` are stored.
        children: whether there are child directories.
    """

    width: int
    height: int
    bits: tuple[int, ...]
    sample_format: int
    photometric: int
    compression: int
    predictor: int
    fill_order: int
    separate: bool
    block_width: int
    block_height: int
    tiled: bool
    offsets: NDArray[np.int64]
    counts: NDArray[np.int64]
    offset_field: TiffField
    count_field: TiffField
    children: bool

    @property
    def refusal(self) -> str | None:
        """Why its samples cannot be edited exactly; None where they can."""
        if self.compression not in (NONE, LZW, DEFLATE, OLD_DEFLATE):
            known = _COMPRESSION_NAMES.get(self.compression, f"compression {self.compression}")
            return f"TIFF stored with {known}"
        if self.photometric not in (1, 2):
            known = _PHOTOMETRIC_NAMES.get(self.photometric, f"color model {self.photometric}")
            return f"{known} TIFF"
        if len(set(self.bits)) != 1:
            return "TIFF whose channels have different bits"
        kinds = {1: (8, 10, 12, 14, 16, 32), 2: (16, 32), 3: (16, 32)}
        word = {1: "unsigned", 2: "signed", 3: "floating-point"}.get(self.sample_format, "other")
        if self.bits[0] not in kinds.get(self.sample_format, ()):
            return f"TIFF with {word} samples of {self.bits[0]} bits"
        if self.fill_order != 1:
            return "TIFF with reversed bits"
        if self.predictor not in (1, 2, 3) or (
            self.predictor == 2 and self.bits[0] not in (8, 16, 32)
        ):
            return f"TIFF with predictor {self.predictor}"
        if self.children:
            return "TIFF with child images"
        return None


@dataclass(frozen=True, slots=True)
class TiffFile:
    """A whole file's structure: byte order ("<" or ">") and pages."""

    order: str
    pages: tuple[TiffPage, ...]

    @property
    def refusal(self) -> str | None:
        """Why the file cannot be edited exactly; None where it can."""
        return next((p.refusal for p in self.pages if p.refusal), None)


def read_directories(path: Path) -> TiffFile:
    """Read and check all directories and the place of every strip and tile.

    Raises:
        ValueError: no TIFF file, impossible values, or samples that are cut short; the text is the
            reason.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return _Directories(file).read()


class _Directories:
    """Reads the directories of one file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, 2)
        head = self._bytes(0, min(4, self._size))
        orders = {b"II*\0": ("<", False), b"MM\0*": (">", False),
                  b"II+\0": ("<", True), b"MM\0+": (">", True)}  # fmt: skip
        if head not in orders:
            raise ValueError("it does not begin like a TIFF file")
        self._order, self._big = orders[head]

    def read(self) -> TiffFile:
        at = self._one("Q" if self._big else "I", 8 if self._big else 4)
        pages: list[TiffPage] = []
        seen: set[int] = set()
        while at:
            if at in seen or len(pages) >= _MOST_PAGES:
                raise ValueError("its directories run in a circle")
            seen.add(at)
            fields, at = self._directory(at)
            pages.append(self._page(fields))
        if not pages:
            raise ValueError("it has no directory")
        return TiffFile(self._order, tuple(pages))

    def _directory(self, at: int) -> tuple[dict[int, TiffField], int]:
        count_code, entry, inline = ("Q", 20, 8) if self._big else ("H", 12, 4)
        first = at + struct.calcsize("=" + count_code)
        count = self._one(count_code, at)
        if first + count * entry > self._size:
            raise ValueError(f"the file ends at byte {self._size}, inside a directory")
        fields = {}
        for i in range(count):
            start = first + i * entry
            tag, kind = self._many("HH", start)
            (number,) = self._many("Q" if self._big else "I", start + 4)
            value = start + (12 if self._big else 8)
            size = _SIZES.get(kind, 1) * number
            if size > inline:
                value = self._one("Q" if self._big else "I", value)
            if value + size > self._size:
                raise ValueError(f"the file ends at byte {self._size}, before its tag {tag}")
            fields[tag] = TiffField(kind, number, value)
        after = first + count * entry
        return fields, self._one("Q" if self._big else "I", after)

    def _page(self, fields: dict[int, TiffField]) -> TiffPage:
        def one(tag: int, default: int | None = None) -> int:
            field = fields.get(tag)
            if field is None:
                if default is None:
                    raise ValueError(f"its directory lacks tag {tag}")
                return default
            return int(self._values(field, 1)[0])

        width, height, samples = one(256), one(257), one(277, 1)
        if not (0 < width <= 1 << 24 and 0 < height <= 1 << 24 and 0 < samples <= 1024):
            raise ValueError(f"its header claims {width} x {height} pixels of {samples} channels")
        tiled = 322 in fields
        block_width = one(322) if tiled else width
        block_height = one(323) if tiled else min(one(278, height) or height, height)
        separate = one(284, 1) == 2
        if block_width < 1 or block_height < 1:
            raise ValueError(f"its header claims blocks of {block_width} x {block_height} pixels")
        places = fields.get(324 if tiled else 273)
        lengths = fields.get(325 if tiled else 279)
        if places is None or lengths is None:
            raise ValueError("its directory does not say where the samples are")
        blocks = -(-width // block_width) * -(-height // block_height)
        blocks *= samples if separate else 1
        if places.count < blocks or lengths.count < blocks:
            raise ValueError(f"its header names {places.count} of {blocks} strips or tiles")
        offsets, counts = self._values(places, blocks), self._values(lengths, blocks)
        if (offsets <= 0).any() or (counts <= 0).any():
            raise ValueError(f"{int((counts <= 0).sum())} of {blocks} strips or tiles are missing")
        end = int((offsets + counts).max())
        if end > self._size:
            raise ValueError(f"the file ends at byte {self._size}, its samples at byte {end}")
        field = fields.get(258)
        bits = tuple(self._values(field, field.count).tolist()) if field else (1,)
        if one(259, 1) == NONE and one(262, 1) != _YCBCR and len(bits) == samples:
            # The last strip may be shorter, so what is asked of it is asked of the sum.
            line = block_width * (bits[0] if separate else sum(bits))
            lines = -(-width // block_width) * height * (samples if separate else 1)
            if int(counts.sum()) < -(-line // 8) * lines:
                raise ValueError(f"its strips hold {int(counts.sum())} bytes, too few for its size")
        return TiffPage(
            width=width,
            height=height,
            bits=bits,
            sample_format=one(339, 1),
            photometric=one(262, 1),
            compression=one(259, 1),
            predictor=one(317, 1),
            fill_order=one(266, 1),
            separate=separate,
            block_width=block_width,
            block_height=block_height,
            tiled=tiled,
            offsets=offsets,
            counts=counts,
            offset_field=places,
            count_field=lengths,
            children=330 in fields,
        )

    def _values(self, field: TiffField, count: int) -> NDArray[np.int64]:
        code = _INTEGERS.get(field.kind)
        if code is None or field.count < count:
            raise ValueError(f"its directory holds type {field.kind} where numbers should be")
        dtype = np.dtype(self._order + {"B": "u1", "H": "u2", "I": "u4", "Q": "u8"}[code])
        raw = self._bytes(field.at, count * dtype.itemsize)
        return np.frombuffer(raw, dtype).astype(np.int64)

    def _many(self, codes: str, at: int) -> tuple[int, ...]:
        raw = self._bytes(at, struct.calcsize("=" + codes))
        return struct.unpack(self._order + codes, raw)

    def _one(self, code: str, at: int) -> int:
        return self._many(code, at)[0]

    def _bytes(self, at: int, count: int) -> bytes:
        if at + count > self._size:
            raise ValueError(f"the file ends at byte {self._size}, inside a directory")
        self._file.seek(at)
        return self._file.read(count)
