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
    """A textured picture that slides by, with fresh grain and opaque chips on each frame.

    Args:
        numbers: frame numbers.
        height: px.
        width: px.
        channels: 1 or 3.
        velocity: (right, down) px per frame that the camera moves; not negative.
        grain: standard deviation.
        specks: chips on each frame, dark and bright in turn.
        seed: of everything.
    """
    wall = _wall(height, width, channels, velocity, len(numbers), seed)
    clean, damaged, holes = {}, {}, {}
    for number in numbers:
        step = number - numbers[0]
        picture = _view(wall, height, width, velocity, step)
        fresh = generator(seed, number, "grain").normal(0.0, grain, picture.shape)
        clean[number] = np.clip(picture + fresh, 0.0, 1.0).astype(np.float32)
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


def _wall(
    height: int,
    width: int,
    channels: int,
    velocity: tuple[float, float],
    frames: int,
    seed: int,
) -> NDArray[np.float32]:
    """A larger picture to look at parts of: soft light, boards and discs of many sizes."""
    import cv2

    draw = generator(seed, "wall")
    high = height + int(abs(velocity[1]) * frames) + 8
    wide = width + int(abs(velocity[0]) * frames) + 8
    y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
    light = 0.45 + 0.15 * np.sin(x / wide * 2.1 + 0.4) + 0.1 * np.cos(y / high * 2.7)
    wall = np.repeat(light[..., None], channels, axis=2).astype(np.float32)
    for _ in range(max(20, high * wide // 500)):
        size = draw.uniform(4, max(8, min(high, wide, 360) / 3), 2)
        place = draw.uniform(0, (wide, high))
        is_disc = draw.random() < 0.4
        tone = draw.uniform(0.15, 0.85, channels)
        left, right = (int(np.clip(place[0] + s * size[0] / 2, 0, wide)) for s in (-1, 1))
        top, bottom = (int(np.clip(place[1] + s * size[1] / 2, 0, high)) for s in (-1, 1))
        part = wall[top:bottom, left:right]
        if is_disc:
            v, u = np.mgrid[top:bottom, left:right]
            inside = (u - place[0]) ** 2 + (v - place[1]) ** 2 < (min(size) / 2) ** 2
            part[inside] = 0.5 * part[inside] + 0.5 * tone
        else:
            part[:] = 0.5 * part + 0.5 * tone
    return np.asarray(cv2.GaussianBlur(wall, (0, 0), 0.8), np.float32).reshape(wall.shape)


def _view(
    wall: NDArray[np.float32], height: int, width: int, velocity: tuple[float, float], step: int
) -> NDArray[np.float32]:
    """The part of the wall that is in the picture after so many steps; right and down only."""
    import cv2

    move = np.array([[1, 0, velocity[0] * step + 4], [0, 1, velocity[1] * step + 4]], np.float64)
    view = cv2.warpAffine(wall, move, (width, height), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
    return np.asarray(view, np.float32).reshape(height, width, -1)


def _speckled(
    picture: NDArray[np.float32], number: int, specks: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Irregular opaque chips of about 4 to 9 px, each of its own shape, dark or bright."""
    import cv2

    height, width = picture.shape[:2]
    draw = generator(seed, number, "specks")
    holes = np.zeros((height, width), np.bool_)
    result = picture.copy()
    for index in range(specks):
        cx, cy = draw.uniform(10, width - 10), draw.uniform(10, height - 10)
        left, top = max(0, int(cx) - 8), max(0, int(cy) - 8)
        here = (slice(top, top + 17), slice(left, left + 17))
        y, x = np.mgrid[here[0], here[1]]
        y, x = (v[: result[here].shape[0], : result[here].shape[1]] for v in (y, x))
        speck = np.zeros(x.shape, np.bool_)
        for _ in range(3):
            radius = draw.uniform(1.2, 3.0)
            ox, oy = draw.uniform(-2, 2, 2)
            speck |= (x - cx - ox) ** 2 + (y - cy - oy) ** 2 <= radius**2
        holes[here] |= speck
        edge = cv2.GaussianBlur(speck.astype(np.float32), (0, 0), 0.5)[..., None]
        tone = draw.uniform(0.01, 0.06) if index % 2 == 0 else draw.uniform(0.94, 0.99)
        result[here] = result[here] * (1 - edge) + np.float32(tone) * edge
    return result, holes
