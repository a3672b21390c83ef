"""PixelFormat, Part, Frame: an image as it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box

AttributeValue = Any
"""A metadata value as the reader gave it: text, number, tuple of numbers or bytes."""


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """How one channel's samples are stored.

    Attributes:
        dtype: numpy dtype name of the plane in memory: "uint8", "uint16", "uint32", "int16",
            "int32", "float16" or "float32".
        bits: significant bits. An integer plane holds *code values* from 0 to 2**bits - 1: a 10-bit
            DPX is dtype "uint16", bits 10, values 0 to 1023.
    """

    dtype: str
    bits: int

    @classmethod
    def of(cls, dtype: Any, bits: int | None = None) -> PixelFormat:
        """The format of a dtype with all its bits, or with `bits` of them."""
        d = np.dtype(dtype)
        return cls(d.name, d.itemsize * 8 if bits is None else bits)

    @property
    def is_float(self) -> bool:
        """True for half and float samples."""
        return self.dtype.startswith("float")

    @property
    def maximum(self) -> int:
        """Largest code value of an integer format; it stands for 1.0.

        Raises:
            ValueError: the format is floating point.
        """
        if self.is_float:
            raise ValueError(f"{self.dtype} samples have no largest code value.")
        return (1 << (self.bits - (1 if self.dtype.startswith("int") else 0))) - 1


def frozen_array(array: NDArray[Any]) -> NDArray[Any]:
    """The array, marked not writeable."""
    array.setflags(write=False)
    return array


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One part of an EXR, or the one image of any other file.

    Attributes:
        name: part name; "" where the file has none.
        planes: channel name -> (H, W) array in its own stored dtype, in file order. RGB files use
            "R", "G", "B", "A"; one-channel files "Y"; Y'CbCr movies "Y", "Cb", "Cr" (and "A").
            A subsampled plane is smaller, see `subsampling`.
        formats: channel name -> PixelFormat.
        data_window: where the planes lie; (H, W) is its shape.
        display_window: the picture's frame.
        attributes: metadata by the reader's names.
        subsampling: channel name -> (horizontal, vertical) step in pixels; (1, 1) where absent.
    """

    name: str
    planes: Mapping[str, NDArray[Any]]
    formats: Mapping[str, PixelFormat]
    data_window: Box
    display_window: Box
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    subsampling: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Freeze the arrays and mappings."""
        for plane in self.planes.values():
            frozen_array(plane)
        for name in ("planes", "formats", "attributes", "subsampling"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def with_planes(self, changed: Mapping[str, NDArray[Any]]) -> Part:
        """A copy in which the named planes are replaced; all else is the same objects.

        Raises:
            ValueError: a name is unknown, or dtype or shape differ from the plane's.
        """
        planes = dict(self.planes)
        for name, plane in changed.items():
            old = planes.get(name)
            if old is None or old.dtype != plane.dtype or old.shape != plane.shape:
                raise ValueError(
                    f"Channel '{name}' cannot be replaced: its dtype or shape differs."
                )
            planes[name] = plane
        return replace(self, planes=planes)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One image of a clip, at an integer frame number, as stored.

    Attributes:
        number: frame number.
        parts: the file's parts in file order; the first that holds a picture is restored.
        source: file the frame was read from; None where it has none (a movie's frame, a host).
        locked: why this frame may be copied but not edited ("deep EXR", "CMYK TIFF", ...);
            None where it can be restored. A locked frame may have no parts.
        notes: things the user should read in the report (a lossy codec, an assumption made).
    """

    number: int
    parts: tuple[Part, ...]
    source: Path | None = None
    locked: str | None = None
    notes: tuple[str, ...] = ()

    def with_part(self, index: int, part: Part) -> Frame:
        """A copy in which part `index` is replaced."""
        parts = list(self.parts)
        parts[index] = part
        return replace(self, parts=tuple(parts))

    @property
    def nbytes(self) -> int:
        """Bytes of all planes."""
        return sum(plane.nbytes for part in self.parts for plane in part.planes.values())
