"""How a DPX file's samples lie in its bytes (SMPTE ST 268-1): to code values and back in place.

One-channel 10-bit words hold their first pixel in the low bits, RGB words hold red in the high
bits; FFmpeg and OpenImageIO read them the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Packing = Literal["direct", "filled A", "filled B", "packed"]

# Rows worked at a time where a packed bit stream is spread out; bounds the memory.
_BLOCK = 64


@dataclass(frozen=True, slots=True)
class SampleLayout:
    """Where and how the samples of one image element are stored.

    Attributes:
        packing: "direct" (8, 16 or 32 bits in units of their own), "filled A" and "filled B" (10
            bits, three to a 32-bit word, or 12 bits, one to a 16-bit word; padding low or high),
            "packed" (a stream of bits that starts in the low end of each 32-bit word).
        bits: 1, 8, 10, 12, 16, or 32 (IEEE float).
        big_endian: byte order of the units.
        low_first: 10-bit filled words hold their first sample in the low bits.
        offset: file position of the first line, in bytes.
        lines: number of lines.
        samples: samples on a line.
        line_bytes: bytes from a line to the next.
    """

    packing: Packing
    bits: int
    big_endian: bool
    low_first: bool
    offset: int
    lines: int
    samples: int
    line_bytes: int

    @property
    def used_bytes(self) -> int:
        """Bytes of a line that hold samples; the rest is padding."""
        return used_bytes(self.packing, self.bits, self.samples)

    @property
    def end(self) -> int:
        """File position after the last sample."""
        return self.offset + (self.lines - 1) * self.line_bytes + self.used_bytes

    @property
    def dtype(self) -> str:
        """Name of the numpy dtype the code values are given in."""
        if self.bits == 32:
            return "float32"
        return "uint8" if self.bits <= 8 else "uint16"

    def decode(
        self, data: NDArray[np.uint8], first: int = 0, last: int | None = None
    ) -> NDArray[Any]:
        """Code values (lines, samples) of lines [first, last) out of a file's bytes (N,) uint8."""
        return _CODECS[self._codec][0](self, self._rows(data)[first:last])

    def encode(self, data: NDArray[np.uint8], rows: NDArray[np.intp], codes: NDArray[Any]) -> None:
        """Replace the samples of some lines in place; padding bits and bytes stay as they are.

        Args:
            data: a whole file's bytes (N,) uint8, writeable.
            rows: (R,) numbers of the lines to replace.
            codes: (R, samples) their code values, `dtype`.
        """
        lines = self._rows(data)
        old = lines[rows]
        lines[rows] = _CODECS[self._codec][1](self, old, codes)

    @property
    def _codec(self) -> str:
        if self.packing.startswith("filled"):
            return f"filled {self.bits}"
        return self.packing

    def _rows(self, data: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(lines, used_bytes) view; the last line may lack its padding."""
        if self.end > data.size or self.offset < 0:
            raise ValueError(f"the samples end at byte {self.end}, the file at {data.size}")
        return np.lib.stride_tricks.as_strided(
            data[self.offset :], (self.lines, self.used_bytes), (self.line_bytes, 1)
        )

    def unit(self, size: int) -> np.dtype[Any]:
        """The dtype of a stored unit of so many bytes."""
        kind = "f" if self.bits == 32 and self.packing == "direct" else "u"
        return np.dtype(f"{'>' if self.big_endian else '<'}{kind}{size}")


def used_bytes(packing: Packing, bits: int, samples: int) -> int:
    """Bytes of a line of so many samples, without padding at its end."""
    if packing == "direct":
        return samples * bits // 8
    if packing == "packed":
        return -(-samples * bits // 32) * 4
    return -(-samples // 3) * 4 if bits == 10 else samples * 2


def _decode_direct(layout: SampleLayout, rows: NDArray[np.uint8]) -> NDArray[Any]:
    return rows.view(layout.unit(layout.bits // 8)).astype(layout.dtype)


def _encode_direct(
    layout: SampleLayout, old: NDArray[np.uint8], codes: NDArray[Any]
) -> NDArray[np.uint8]:
    return np.ascontiguousarray(codes, layout.unit(layout.bits // 8)).view(np.uint8)


def _shifts_10(layout: SampleLayout) -> tuple[int, ...]:
    low = 2 if layout.packing == "filled A" else 0
    shifts = (low + 20, low + 10, low)
    return shifts[::-1] if layout.low_first else shifts


def _decode_filled_10(layout: SampleLayout, rows: NDArray[np.uint8]) -> NDArray[np.uint16]:
    return _datums_10(layout, rows)[:, : layout.samples]


def _datums_10(layout: SampleLayout, rows: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """All samples of the words, with those that pad the last word."""
    words = rows.view(layout.unit(4))
    codes = np.empty((words.shape[0], words.shape[1] * 3), np.uint16)
    for place, shift in enumerate(_shifts_10(layout)):
        codes[:, place::3] = (words >> shift) & 0x3FF
    return codes


def _encode_filled_10(
    layout: SampleLayout, old: NDArray[np.uint8], codes: NDArray[Any]
) -> NDArray[np.uint8]:
    datums = _datums_10(layout, old)
    datums[:, : layout.samples] = codes
    padding = 0x3 if layout.packing == "filled A" else 0xC0000000
    words = old.view(layout.unit(4)) & np.uint32(padding)
    for place, shift in enumerate(_shifts_10(layout)):
        words |= datums[:, place::3].astype(np.uint32) << np.uint32(shift)
    return words.astype(layout.unit(4)).view(np.uint8)


def _decode_filled_12(layout: SampleLayout, rows: NDArray[np.uint8]) -> NDArray[np.uint16]:
    words: NDArray[np.uint16] = rows.view(layout.unit(2)).astype(np.uint16)
    return words >> np.uint16(4) if layout.packing == "filled A" else words & np.uint16(0xFFF)


def _encode_filled_12(
    layout: SampleLayout, old: NDArray[np.uint8], codes: NDArray[Any]
) -> NDArray[np.uint8]:
    low = layout.packing == "filled A"
    words = old.view(layout.unit(2)) & np.uint16(0x000F if low else 0xF000)
    words |= codes.astype(np.uint16) << np.uint16(4 if low else 0)
    return words.astype(layout.unit(2)).view(np.uint8)


def _decode_packed(layout: SampleLayout, rows: NDArray[np.uint8]) -> NDArray[Any]:
    first = np.arange(layout.samples, dtype=np.int64) * layout.bits
    word, shift = first // 32, (first % 32).astype(np.uint64)
    mask = np.uint64((1 << layout.bits) - 1)
    codes = np.empty((len(rows), layout.samples), layout.dtype)
    for top in range(0, len(rows), _BLOCK):
        words = rows[top : top + _BLOCK].view(layout.unit(4)).astype(np.uint64)
        after = np.pad(words[:, 1:], ((0, 0), (0, 1)))  # a sample may end in the next word
        pairs = words | after << np.uint64(32)
        codes[top : top + _BLOCK] = pairs[:, word] >> shift & mask
    return codes


def _encode_packed(
    layout: SampleLayout, old: NDArray[np.uint8], codes: NDArray[Any]
) -> NDArray[np.uint8]:
    out = np.empty_like(old)
    place = np.arange(layout.bits)
    for top in range(0, len(old), _BLOCK):
        block = codes[top : top + _BLOCK]
        little = old[top : top + _BLOCK].view(layout.unit(4)).astype("<u4").view(np.uint8)
        stream = np.unpackbits(little, axis=1, bitorder="little")
        bits = (block[..., None] >> place & 1).astype(np.uint8)
        stream[:, : layout.samples * layout.bits] = bits.reshape(len(block), -1)
        words = np.packbits(stream, axis=1, bitorder="little").view("<u4")
        out[top : top + _BLOCK] = words.astype(layout.unit(4)).view(np.uint8)
    return out


_Decoder = Callable[[SampleLayout, NDArray[np.uint8]], NDArray[Any]]
_Encoder = Callable[[SampleLayout, NDArray[np.uint8], NDArray[Any]], NDArray[np.uint8]]
_CODECS: dict[str, tuple[_Decoder, _Encoder]] = {
    "direct": (_decode_direct, _encode_direct),
    "filled 10": (_decode_filled_10, _encode_filled_10),
    "filled 12": (_decode_filled_12, _encode_filled_12),
    "packed": (_decode_packed, _encode_packed),
}
