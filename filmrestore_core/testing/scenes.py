"""Small moving pictures from seeds, clean and damaged, for tests of any room."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.frame import Frame, Part, PixelFormat
from filmrestore_core.media.memory_clip import MemoryClip
from filmrestore_core.noise import generator


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A seeded scene.

    Attributes:
        clean: frame number -> (H, W, C) float32 0..1, with grain.
        damaged: frame number -> the same with specks.
        holes: frame number -> (H, W) bool, where specks are.
    """

    clean: dict[int, NDArray[np.float32]]
    damaged: dict[int, NDArray[np.float32]]
    holes: dict[int, NDArray[np.bool_]]


def moving_scene(
    numbers: range,
    *,
    height: int = 96,
    width: int = 128,
    channels: int = 1,
    velocity: tuple[float, float] = (1.5, 0.5),
    grain: float = 0.012,
    specks: int = 3,
    seed: int = 0,
) -> Scene:
    """A textured picture that slides by, with fresh grain and opaque specks on each frame.

    Args:
        numbers: frame numbers.
        height: px.
        width: px.
        channels: 1 or 3.
        velocity: (right, down) px per frame.
        grain: standard deviation.
        specks: on each frame, of radius 2 to 4 px, black or white.
        seed: of everything.
    """
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    clean, damaged, holes = {}, {}, {}
    for number in numbers:
        shift = number - numbers[0]
        picture = _texture(x - velocity[0] * shift, y - velocity[1] * shift, channels, seed)
        picture += generator(seed, number, "grain").normal(0.0, grain, picture.shape)
        clean[number] = np.clip(picture, 0.0, 1.0).astype(np.float32)
        damaged[number], holes[number] = _speckled(clean[number], number, specks, seed)
    return Scene(clean, damaged, holes)


def code_frame(
    number: int, picture: NDArray[np.float32], *, bits: int = 10, display: Box | None = None
) -> Frame:
    """(H, W, 1 or 3) values 0..1 as a frame of integer code values, untagged."""
    box = Box.of_size(picture.shape[1], picture.shape[0])
    dtype = np.uint8 if bits <= 8 else np.uint16
    names = ("Y",) if picture.shape[2] == 1 else ("R", "G", "B")
    top = (1 << bits) - 1
    planes = {
        name: np.rint(np.clip(picture[..., i], 0, 1) * top).astype(dtype)
        for i, name in enumerate(names)
    }
    formats = dict.fromkeys(names, PixelFormat.of(dtype, bits))
    return Frame(number, (Part("", planes, formats, box, display or box),))


def half_frame(number: int, picture: NDArray[np.float32]) -> Frame:
    """(H, W, 1 or 3) values as a frame of half-float samples, as EXR holds them."""
    box = Box.of_size(picture.shape[1], picture.shape[0])
    names = ("Y",) if picture.shape[2] == 1 else ("R", "G", "B")
    planes = {n: np.ascontiguousarray(picture[..., i], np.float16) for i, n in enumerate(names)}
    formats = dict.fromkeys(names, PixelFormat.of(np.float16))
    return Frame(number, (Part("", planes, formats, box, box),))


def scene_clip(pictures: dict[int, NDArray[np.float32]], *, bits: int = 10) -> MemoryClip:
    """A clip in memory of (H, W, C) pictures by number."""
    return MemoryClip([code_frame(n, p, bits=bits) for n, p in pictures.items()])


def _texture(
    x: NDArray[np.float32], y: NDArray[np.float32], channels: int, seed: int
) -> NDArray[np.float64]:
    """Waves of many lengths and directions: every place looks different, at every scale."""
    draw = generator(seed, "texture")
    planes = []
    for _ in range(channels):
        total = np.zeros(x.shape)
        for _ in range(24):
            length, angle, phase = draw.uniform(6, 60), draw.uniform(0, np.pi), draw.uniform(0, 6.3)
            k = 2 * np.pi / length
            wave = np.sin(k * (np.cos(angle) * x + np.sin(angle) * y) + phase)
            total += wave * length / 60
        planes.append(0.5 + 0.22 * total / max(float(np.abs(total).max()), 1e-6))
    return np.stack(planes, axis=-1)


def _speckled(
    picture: NDArray[np.float32], number: int, specks: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    draw = generator(seed, number, "specks")
    holes = np.zeros((height, width), np.bool_)
    result = picture.copy()
    for index in range(specks):
        radius = draw.uniform(2, 4)
        cx, cy = draw.uniform(10, width - 10), draw.uniform(10, height - 10)
        speck = (x - cx) ** 2 + (y - cy) ** 2 <= radius**2
        holes |= speck
        result[speck] = 0.02 if index % 2 == 0 else 0.98
    return result, holes
