"""Small image sequences on disk, made from seeds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from filmrestore_core.box import Box
from filmrestore_core.frame import Frame, Part, PixelFormat
from filmrestore_core.media.image_file import write_new
from filmrestore_core.media.sequence import SequencePattern
from filmrestore_core.noise import generator

_FORMATS = {
    ".exr": PixelFormat("float16", 16),
    ".dpx": PixelFormat("uint16", 10),
    ".png": PixelFormat("uint16", 16),
    ".tif": PixelFormat("uint16", 16),
    ".tiff": PixelFormat("uint16", 16),
}


def noise_frame(
    number: int, *, extension: str = ".dpx", width: int = 24, height: int = 16, seed: int = 0
) -> Frame:
    """A frame of noise: RGB, half for EXR, 10 bits for DPX, 16 bits for the others."""
    random = generator(seed, number, f"noise frame {extension}")
    kind = _FORMATS[extension]
    planes = {}
    for name in "RGB":
        samples = random.random((height, width))
        if kind.is_float:
            planes[name] = samples.astype(kind.dtype)
        else:
            planes[name] = np.rint(samples * kind.maximum).astype(kind.dtype)
    box = Box.of_size(width, height)
    return Frame(number, (Part("", planes, dict.fromkeys(planes, kind), box, box),))


def write_sequence(
    text: str | Path, numbers: Iterable[int], *, width: int = 24, height: int = 16, seed: int = 0
) -> SequencePattern:
    """Write noise frames under the names of a pattern; its folder is made."""
    pattern = SequencePattern.parse(str(text))
    pattern.folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        frame = noise_frame(
            number, extension=pattern.extension, width=width, height=height, seed=seed
        )
        write_new(pattern.path(number), frame)
    return pattern


def with_spot(frame: Frame, *, x: int, y: int, size: int = 3) -> tuple[Frame, np.ndarray]:
    """A frame whose square spot has other samples, and the (H, W) float32 coverage of the spot."""
    part = frame.parts[0]
    spot = Box(x, y, size, size).slices(
        Box.of_size(part.data_window.width, part.data_window.height)
    )
    changed = {}
    for name, plane in part.planes.items():
        new = plane.copy()
        kind = part.formats[name]
        new[spot] = 0.25 if kind.is_float else kind.maximum - new[spot]
        changed[name] = new
    coverage = np.zeros(part.data_window.shape, np.float32)
    coverage[spot] = 1.0
    return frame.with_part(0, part.with_planes(changed)), coverage
