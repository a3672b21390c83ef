"""How a movie's pixel format lays samples into planes of bytes, and the way to channels and back.

Names are libavutil's ("yuv422p10le", "gbrp", "bgr0"). Nothing is converted here: a code value
that goes in comes out, only its place and byte order change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.frame import PixelFormat

YCBCR = ("Y", "Cb", "Cr")
RGB = ("R", "G", "B")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one channel lies.

    Attributes:
        plane: index of the plane.
        offset: samples from the start of a row to the channel's first.
        step: samples from one to the next.
    """

    plane: int
    offset: int = 0
    step: int = 1


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """A pixel format.

    Attributes:
        name: libavutil's name.
        places: channel -> Place, in the order of Part.planes.
        sample: numpy dtype of a stored sample with byte order, "<u2" for instance.
        bits: significant bits of a sample.
        shift: unused low bits of a stored sample (p010 keeps its 10 bits at the top of 16).
        chroma: (horizontal, vertical) step of Cb and Cr in pixels.
    """

    name: str
    places: Mapping[str, Place]
    sample: str
    bits: int
    shift: int = 0
    chroma: tuple[int, int] = (1, 1)

    @property
    def pixel_format(self) -> PixelFormat:
        """Format of every channel's plane in memory."""
        return PixelFormat.of(np.dtype(self.sample).newbyteorder("="), self.bits)

    @property
    def subsampling(self) -> dict[str, tuple[int, int]]:
        """As Part.subsampling wants it: only channels whose plane is smaller."""
        return {n: self.chroma for n in self.places if self.step_of(n) != (1, 1)}

    def step_of(self, channel: str) -> tuple[int, int]:
        """(horizontal, vertical) step of a channel in pixels."""
        return self.chroma if channel in ("Cb", "Cr") else (1, 1)

    def shape_of(self, channel: str, width: int, height: int) -> tuple[int, int]:
        """(H, W) of a channel in a picture of that size; odd sizes round up."""
        horizontal, vertical = self.step_of(channel)
        return -(-height // vertical), -(-width // horizontal)

    def holds(self, other: PixelLayout) -> bool:
        """True where a picture in `other` fits into this layout with every code value."""
        return (
            set(self.places) == set(other.places)
            and self.chroma == other.chroma
            and self.bits == other.bits
            and self.pixel_format == other.pixel_format
        )

    def unpack(
        self, rows: Sequence[NDArray[np.uint8]], width: int, height: int
    ) -> dict[str, NDArray[Any]]:
        """Channels of planes.

        Args:
            rows: for each plane (rows, bytes in a row) uint8; a row may be padded at its end.
            width: picture width, px.
            height: picture height, px.

        Returns:
            channel -> (H, W) array in native byte order, code values 0 to 2**bits - 1, in memory
            of its own.

        Raises:
            ValueError: a plane is smaller than the picture.
        """
        channels: dict[str, NDArray[Any]] = {}
        size = np.dtype(self.sample).itemsize
        for name, place in self.places.items():
            high, wide = self.shape_of(name, width, height)
            plane = rows[place.plane]
            plane = plane[:high, : plane.shape[1] // size * size]
            samples = plane.view(self.sample)[:, place.offset :: place.step][:, :wide]
            if samples.shape != (high, wide):
                raise ValueError(f"Plane {place.plane} of {self.name} is cut short.")
            native = np.array(samples, np.dtype(self.sample).newbyteorder("="), order="C")
            channels[name] = native >> self.shift if self.shift else native
        return channels

    def pack(
        self, channels: Mapping[str, NDArray[Any]], width: int, height: int
    ) -> list[NDArray[Any]]:
        """Planes of channels: the inverse of `unpack`, without padding; unused samples are 0.

        Raises:
            ValueError: a channel lacks, or its shape or dtype is not this layout's.
        """
        planes: list[NDArray[Any]] = []
        for index in range(1 + max(place.plane for place in self.places.values())):
            inside = {n: p for n, p in self.places.items() if p.plane == index}
            shapes = {n: self.shape_of(n, width, height) for n in inside}
            wide = max(shapes[n][1] * p.step for n, p in inside.items())
            plane = np.zeros((max(high for high, _ in shapes.values()), wide), self.sample)
            for name, place in inside.items():
                channel = channels.get(name)
                if channel is None or channel.dtype != np.dtype(self.pixel_format.dtype):
                    raise ValueError(f"Channel '{name}' does not fit {self.name}.")
                if channel.shape != shapes[name]:
                    raise ValueError(f"Channel '{name}' is {channel.shape}, not the picture's.")
                slots = plane[:, place.offset :: place.step]
                slots[:, : channel.shape[1]] = channel << self.shift if self.shift else channel
                # At odd widths packed 4:2:2 has a place for one Y more.
                slots[:, channel.shape[1] :] = channel[:, -1:]
            planes.append(plane)
        return planes


_CHROMA = {
    "420": (2, 2),
    "422": (2, 1),
    "444": (1, 1),
    "440": (1, 2),
    "411": (4, 1),
    "410": (4, 4),
}
_PLANAR_YUV = re.compile(r"yuv(a?)(j?)(420|422|444|440|411|410)p(9|10|12|14|16)?(le|be)?")
_PLANAR_RGB = re.compile(r"gbr(a?)p(9|10|12|14|16|f16|f32)?(le|be)?")
_GRAY = re.compile(r"gray(9|10|12|14|16|f16|f32)?(le|be)?")
_SEMI = re.compile(r"(?:nv(12|21|16|24|42)|p([024])(10|12|16)(le|be))")
_PACKED_RGB = re.compile(r"([argb0]{3,4})(|24|48|64)(le|be)?")
_SEMI_CHROMA = {"12": "420", "21": "420", "16": "422", "24": "444", "42": "444"}
_P_CHROMA = {"0": "420", "2": "422", "4": "444"}
_PACKED_YUV = {
    # name: (samples of a pixel group in memory, sample, bits, chroma step)
    "yuyv422": ("Y Cb Y Cr", "u1", 8, (2, 1)),
    "yvyu422": ("Y Cr Y Cb", "u1", 8, (2, 1)),
    "uyvy422": ("Cb Y Cr Y", "u1", 8, (2, 1)),
    "ya8": ("Y A", "u1", 8, (1, 1)),
    "ya16le": ("Y A", "<u2", 16, (1, 1)),
    "ya16be": ("Y A", ">u2", 16, (1, 1)),
    "ayuv64le": ("A Y Cb Cr", "<u2", 16, (1, 1)),
    "ayuv64be": ("A Y Cb Cr", ">u2", 16, (1, 1)),
    "vuya": ("Cr Cb Y A", "u1", 8, (1, 1)),
    "ayuv": ("A Y Cb Cr", "u1", 8, (1, 1)),
}


def _sample(depth: str | None, order: str | None) -> tuple[str, int]:
    mark = ">" if order == "be" else "<"
    if depth in ("f16", "f32"):
        return (f"{mark}f{int(depth[1:]) // 8}", int(depth[1:]))
    bits = int(depth) if depth else 8
    return ("u1" if bits == 8 else f"{mark}u2", bits)


def _packed(name: str, order: str, sample: str, bits: int, chroma: tuple[int, int]) -> PixelLayout:
    names = order.split()
    places = {}
    for channel in (*RGB, *YCBCR, "A"):
        at = [i for i, n in enumerate(names) if n == channel]
        if at:
            step = at[1] - at[0] if len(at) > 1 else len(names)
            places[channel] = Place(0, at[0], step)
    return PixelLayout(name, places, sample, bits, 0, chroma)


def layout_of(name: str) -> PixelLayout | None:
    """The layout of a pixel format, or None for one whose samples cannot be told apart here.

    None is given for palettes, bit-packed pixels, Bayer mosaics and frames in device memory.
    """
    if name in _PACKED_YUV:
        return _packed(name, *_PACKED_YUV[name])
    if found := _PLANAR_YUV.fullmatch(name):
        alpha, _, chroma, depth, order = found.groups()
        channels = (*YCBCR, "A") if alpha else YCBCR
        places = {c: Place(i) for i, c in enumerate(channels)}
        sample, bits = _sample(depth, order)
        return PixelLayout(name, places, sample, bits, 0, _CHROMA[chroma])
    if found := _PLANAR_RGB.fullmatch(name):
        alpha, depth, order = found.groups()
        places = {"R": Place(2), "G": Place(0), "B": Place(1)}
        if alpha:
            places["A"] = Place(3)
        return PixelLayout(name, places, *_sample(depth, order))
    if found := _GRAY.fullmatch(name):
        return PixelLayout(name, {"Y": Place(0)}, *_sample(found[1], found[2]))
    if found := _SEMI.fullmatch(name):
        nv, p_chroma, depth, order = found.groups()
        sample, bits = _sample(depth, order)
        chroma = _CHROMA[_SEMI_CHROMA[nv] if nv else _P_CHROMA[p_chroma]]
        swapped = nv in ("21", "42")
        places = {
            "Y": Place(0),
            "Cb": Place(1, int(swapped), 2),
            "Cr": Place(1, int(not swapped), 2),
        }
        return PixelLayout(name, places, sample, bits, 0 if nv else 16 - bits, chroma)
    if found := _PACKED_RGB.fullmatch(name):
        letters, total, order = found.groups()
        total = total or ("24" if "0" not in letters and len(letters) == 3 else "32")
        bits = int(total) // len(letters)
        if sorted(letters.replace("0", "").replace("a", "")) != ["b", "g", "r"]:
            return None
        sample, bits = _sample(None if bits == 8 else str(bits), order)
        return _packed(name, " ".join(letters.upper()), sample, bits, (1, 1))
    return None


def layout_that_holds(wanted: PixelLayout, names: Iterable[str]) -> PixelLayout | None:
    """The first of the named formats that stores `wanted`'s samples unchanged."""
    for name in names:
        layout = layout_of(name)
        if layout is not None and layout.holds(wanted):
            return layout
    return None
