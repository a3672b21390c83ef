"""DPX files by their bytes: header, code values, and restored samples patched in place.

SMPTE ST 268-1. A DPX that is written anew by a library loses header fields, byte order and padding
bits; here only the words that hold a changed sample change.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.frame import Part, PixelFormat
from filmrestore_core.media.dpx_layout import Packing, SampleLayout, used_bytes

HEADER_BYTES = 2048
_LEAST_HEADER = 1664  # file, image and orientation headers; later ones may be absent
_UNDEFINED = 0xFFFFFFFF

_DESCRIPTORS = {
    1: ("R",),
    2: ("G",),
    3: ("B",),
    4: ("A",),
    6: ("Y",),
    50: ("R", "G", "B"),
    51: ("R", "G", "B", "A"),
    52: ("A", "B", "G", "R"),
}
_BAND_LINES = 128  # decoded at a time, to need little memory
_DEPTHS = (1, 8, 10, 12, 16, 32)


@dataclass(frozen=True, slots=True)
class DpxElement:
    """One image element.

    Attributes:
        channels: names in stored order.
        layout: how its samples are stored.
        width: pixels on a line.
        height: lines.
    """

    channels: tuple[str, ...]
    layout: SampleLayout
    width: int
    height: int

    def planes(self, data: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """Channel -> (height, width) code values out of a whole file's bytes (N,) uint8."""
        size = (self.height, self.width)
        planes = {name: np.empty(size, self.layout.dtype) for name in self.channels}
        step = _BAND_LINES if self.layout.lines == self.height else self.height
        for top in range(0, self.height, step):
            codes = self.layout.decode(data, top, min(top + step, self.layout.lines))
            codes = codes.reshape(-1, self.width, len(self.channels))
            for i, plane in enumerate(planes.values()):
                plane[top : top + len(codes)] = codes[..., i]
        return planes

    def formats(self) -> dict[str, PixelFormat]:
        """Channel -> its format."""
        return {name: PixelFormat(self.layout.dtype, self.layout.bits) for name in self.channels}

    def patch(
        self,
        data: NDArray[np.uint8],
        planes: Mapping[str, NDArray[Any]],
        old: Mapping[str, NDArray[Any]],
    ) -> None:
        """Write the lines in which a sample differs from `old` into the bytes."""
        changed = np.zeros(self.height, np.bool_)
        for name in self.channels:
            if planes[name] is not old[name]:
                changed |= (_bits(planes[name]) != _bits(old[name])).any(axis=1)
        if not changed.any():
            return
        if self.layout.lines != self.height:  # the samples run on over the ends of lines
            changed[:] = True
        codes = np.stack([planes[name][changed] for name in self.channels], axis=-1)
        rows = np.flatnonzero(changed) if self.layout.lines == self.height else np.zeros(1, int)
        self.layout.encode(data, rows, codes.reshape(len(rows), self.layout.samples))


@dataclass(frozen=True, slots=True)
class DpxHeader:
    """What the patcher and the reader need of a DPX header.

    Attributes:
        big_endian: the file's byte order.
        width: pixels on a line.
        height: lines.
        picture: the elements that make the picture: one, or three of one color each.
        others: further elements, such as a scanner's infrared map; kept, never edited.
        locked: why samples cannot be edited; None where they can.
        has_key_code: whether the film header's key code is set.
        transfer: the first element's transfer characteristic, as a number.
        timecode: the television header's time code and user bits; None where not set.
    """

    big_endian: bool
    width: int
    height: int
    picture: tuple[DpxElement, ...]
    others: tuple[DpxElement, ...]
    locked: str | None = None
    has_key_code: bool = False
    transfer: int = 0
    timecode: tuple[int, int] | None = None


def parse_header(head: bytes, size: int) -> DpxHeader:
    """Read a header.

    Args:
        head: the first HEADER_BYTES bytes, or fewer of a short file.
        size: the file's size in bytes.

    Raises:
        ValueError: no DPX header, impossible sizes, or the file is too short for its samples; the
            text is the reason.
    """
    magic = head[:4]
    if magic not in (b"SDPX", b"XPDS"):
        raise ValueError("it does not begin like a DPX file")
    if len(head) < _LEAST_HEADER:
        raise ValueError(f"its header ends after {len(head)} bytes")
    big = magic == b"SDPX"
    order = ">" if big else "<"
    (start,) = struct.unpack_from(order + "I", head, 4)
    count, width, height = struct.unpack_from(order + "HII", head, 770)
    if not (0 < width <= 1 << 20 and 0 < height <= 1 << 20 and 1 <= count <= 8):
        raise ValueError(f"its header claims {count} elements of {width} x {height} pixels")
    raw = [_RawElement.read(head, order, i, start) for i in range(count)]
    locked = next((r.refusal for r in raw[:1] if r.refusal), None)
    separate = [r.descriptor for r in raw[:3]] == [1, 2, 3]
    in_picture = 3 if separate else 1
    if separate:
        locked = next((r.refusal for r in raw[:3] if r.refusal), None)
    if locked is not None:
        least = start if start != _UNDEFINED else HEADER_BYTES
        if size <= least:
            raise ValueError(f"the file ends at byte {size}, before its samples")
        return DpxHeader(big, width, height, (), (), locked)
    ends = [*sorted(r.offset for r in raw), size]
    (claimed,) = struct.unpack_from(order + "I", head, 16)
    elements: list[DpxElement] = []
    for index, r in enumerate(raw):
        end = next(e for e in ends if e > r.offset) if r.offset < size else size
        if index >= in_picture and r.refusal:
            continue
        layout = _fit(r, width, height, big, end, size, whole=claimed == size)
        elements.append(DpxElement(r.channels, layout, width, height))
    picture, others = tuple(elements[:in_picture]), tuple(elements[in_picture:])
    has_key_code = bool(head[1664:1680].strip(b"\0\xff"))
    code = struct.unpack_from(order + "II", head, 1920) if len(head) >= 1928 else (_UNDEFINED, 0)
    bits = 0 if code[1] == _UNDEFINED else code[1]
    timecode = None if code[0] == _UNDEFINED else (code[0], bits)
    return DpxHeader(big, width, height, picture, others, None, has_key_code, head[801], timecode)


def picture_planes(header: DpxHeader, data: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """Channel -> (H, W) code values of the picture."""
    planes: dict[str, NDArray[Any]] = {}
    for element in header.picture:
        planes.update(element.planes(data))
    return planes


def other_parts(header: DpxHeader, data: NDArray[np.uint8]) -> list[Part]:
    """Further elements as parts to look at; a one-channel one is named "infrared"."""
    parts = []
    for index, element in enumerate(header.others):
        name = "infrared" if len(element.channels) == 1 and index == 0 else f"element {index + 2}"
        box = Box.of_size(element.width, element.height)
        parts.append(Part(name, element.planes(data), element.formats(), box, box))
    return parts


def patch(
    header: DpxHeader,
    data: NDArray[np.uint8],
    planes: Mapping[str, NDArray[Any]],
    old: Mapping[str, NDArray[Any]],
) -> None:
    """Replace changed samples in place; everything else stays, bit for bit.

    Args:
        header: of the source.
        data: the source's bytes (N,) uint8, writeable.
        planes: channel -> (H, W) code values wanted.
        old: channel -> (H, W) code values as read from the source.

    Raises:
        ValueError: a code does not fit the file's bits.
    """
    for element in header.picture:
        if element.layout.dtype == "uint16" and element.layout.bits < 16:
            top = (1 << element.layout.bits) - 1
            for name in element.channels:
                if int(planes[name].max()) > top:
                    raise ValueError(f"channel {name} holds codes above {top}")
    for element in header.picture:
        element.patch(data, planes, old)


def unwritten_tail(header: DpxHeader, data: NDArray[np.uint8]) -> tuple[int, bool] | None:
    """Lines of zero bytes at the end of the picture, as a copy that never finished leaves them.

    Returns:
        (first line that is zero to the end, whether the zeros begin within a line that the line
        above shows to be picture), or None where there is no such tail or all is zero.
    """
    layout = header.picture[-1].layout
    samples = data[layout.offset : layout.end]
    if samples[-1]:
        return None
    filled = np.flatnonzero(samples)
    if filled.size == 0:
        return None
    last = int(filled[-1])
    line, column = divmod(last, layout.line_bytes)
    if layout.lines - line - 1 < max(1, layout.lines // 16):
        return None
    here = samples[line * layout.line_bytes :][: layout.used_bytes]
    above = samples[max(0, line - 1) * layout.line_bytes :][: layout.used_bytes]
    whole = layout.used_bytes - 1 - column < 16
    torn = (
        not whole
        and line > 0
        and _mostly_filled(here[: column + 1])
        and _mostly_filled(above[column + 1 :])
    )
    return line + 1, torn


def _mostly_filled(run: NDArray[np.uint8]) -> bool:
    return bool(run.size >= 16 and np.count_nonzero(run) > 0.9 * run.size)


@dataclass(frozen=True, slots=True)
class _RawElement:
    """An image element's header fields."""

    descriptor: int
    bits: int
    packing: int
    encoding: int
    signed: int
    offset: int
    line_padding: int

    @classmethod
    def read(cls, head: bytes, order: str, index: int, start: int) -> _RawElement:
        at = 780 + 72 * index
        (signed,) = struct.unpack_from(order + "I", head, at)
        descriptor, _, _, bits = struct.unpack_from("4B", head, at + 20)
        packing, encoding, offset, padding = struct.unpack_from(order + "HHII", head, at + 24)
        if offset in (0, _UNDEFINED):
            offset = HEADER_BYTES if start in (0, _UNDEFINED) else start
        return cls(descriptor, bits, packing, encoding, signed, offset, padding)

    @property
    def channels(self) -> tuple[str, ...]:
        return _DESCRIPTORS.get(self.descriptor, ())

    @property
    def refusal(self) -> str | None:
        if not self.channels:
            return f"DPX with image descriptor {self.descriptor}"
        if self.encoding not in (0, 0xFFFF):
            return "run-length encoded DPX"
        if self.signed == 1:
            return "DPX with signed samples"
        if self.bits not in _DEPTHS or (self.bits == 1 and len(self.channels) > 1):
            return f"DPX of {self.bits} bits"
        if self.bits in (10, 12) and self.packing > 2:
            return f"DPX with packing {self.packing}"
        return None

    @property
    def way(self) -> Packing:
        if self.bits in (8, 16, 32):
            return "direct"
        if self.bits == 1 or self.packing == 0:
            return "packed"
        return "filled A" if self.packing == 1 else "filled B"


def _fit(
    raw: _RawElement, width: int, height: int, big: bool, end: int, size: int, *, whole: bool
) -> SampleLayout:
    """The layout whose lines fit what the file holds.

    Lines should end on 32-bit words, but many writers leave that out; the size tells. A layout
    that only happens to fit is taken where the header's own file size (`whole`) rules out that
    the file was cut short.
    """
    samples = width * len(raw.channels)
    low_first = len(raw.channels) == 1
    used = used_bytes(raw.way, raw.bits, samples)
    aligned = -(-used // 4) * 4
    padding = raw.line_padding if 0 < raw.line_padding < 1 << 16 else 0
    steps = dict.fromkeys([aligned + padding, used + padding, aligned, used])
    layouts = [
        SampleLayout(raw.way, raw.bits, big, low_first, raw.offset, height, samples, step)
        for step in steps
    ]
    if raw.way in ("filled A", "filled B") and raw.bits == 10 and low_first and samples % 3:
        # Some scanners let one-channel words run on over the ends of lines.
        total = height * samples
        length = used_bytes(raw.way, 10, total)
        layouts.append(SampleLayout(raw.way, 10, big, True, raw.offset, 1, total, length))
    for layout in layouts:
        if end in (layout.end, raw.offset + layout.lines * layout.line_bytes):
            return layout
    for layout in layouts if whole else layouts[:1]:
        if layout.end <= size:
            return layout
    raise ValueError(
        f"the file ends at byte {size}, its {width} x {height} samples at byte {layouts[0].end}"
    )


def _bits(codes: NDArray[Any]) -> NDArray[Any]:
    """Samples to compare by their bits, so that NaN equals itself."""
    return codes.view(np.uint32) if codes.dtype == np.float32 else codes
