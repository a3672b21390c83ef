"""What moves through a picture and is no damage: balls, birds, snow and rain."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.synth.shapes import ProceduralShapes

Picture = NDArray[np.float32]

_MOST_MOVERS = 11
# Pixels for one streak of rain.
_RAIN_SPACING = 4100


class Distractor(StrEnum):
    """What was added to a clip beside damage."""

    NONE = "none"
    MOVERS = "movers"
    RAIN = "rain"


def draw_distractor(rng: np.random.Generator) -> Distractor:
    """Mostly none, sometimes movers, seldom rain."""
    chance = rng.random()
    if chance < 0.22:
        return Distractor.MOVERS
    return Distractor.RAIN if chance < 0.28 else Distractor.NONE


def add_distractor(
    kind: Distractor, pictures: Sequence[Picture], rng: np.random.Generator
) -> list[Picture]:
    """The frames with it.

    Args:
        kind: what.
        pictures: (H, W, C) float32 each, consecutive; the middle one is the center.
        rng: of the whole clip.
    """
    if kind is Distractor.NONE:
        return list(pictures)
    made = [picture.copy() for picture in pictures]
    if kind is Distractor.RAIN:
        _rain(made, rng)
        return made
    for _ in range(int(rng.integers(1, _MOST_MOVERS + 1))):
        _mover(made, rng)
    return made


def _mover(pictures: list[Picture], rng: np.random.Generator) -> None:
    """A spot of one tone that crosses the picture, half of them blurred along their way."""
    import cv2

    height, width = pictures[0].shape[:2]
    side = float(np.exp(rng.uniform(np.log(2), np.log(24))))
    shape = ProceduralShapes().speck(rng, 0.6 * side * side)
    speed = float(np.exp(rng.uniform(np.log(3), np.log(40))))
    angle = rng.uniform(0, 2 * np.pi)
    velocity = speed * np.asarray([np.cos(angle), np.sin(angle) * rng.uniform(0.2, 1.0)])
    bend = rng.normal(0, 0.5, 2)
    blurred, shutter = rng.random() < 0.5, rng.uniform(0.2, 0.6)
    if blurred and speed * shutter >= 2:
        shape = _smeared(shape, velocity * shutter)
    tone = rng.uniform(0.7, 1.0) if rng.random() < 0.5 else rng.uniform(0.0, 0.3)
    share = np.float32(rng.uniform(0.4, 1.0))
    start = rng.uniform(0, (width, height))
    middle = len(pictures) // 2
    for index, picture in enumerate(pictures):
        step = index - middle
        corner = start + velocity * step + bend * step * step / 2
        corner = corner - np.asarray(shape.shape[::-1]) / 2
        place = np.asarray([[1, 0, corner[0]], [0, 1, corner[1]]])
        opacity = share * np.asarray(cv2.warpAffine(shape, place, (width, height)), np.float32)
        picture += opacity[..., None] * (np.float32(tone) - picture)


def _smeared(shape: NDArray[np.float32], way: NDArray[np.float64]) -> NDArray[np.float32]:
    """The shape as an open shutter sees it move."""
    import cv2

    reach = int(np.ceil(np.hypot(*way) / 2)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    first, last = (np.round(reach + s * way / 2).astype(int).tolist() for s in (-1, 1))
    cv2.line(kernel, first, last, 1.0)
    return np.asarray(cv2.filter2D(np.pad(shape, reach), -1, kernel / kernel.sum()), np.float32)


def _rain(pictures: list[Picture], rng: np.random.Generator) -> None:
    """Streaks, new on each frame."""
    import cv2

    height, width = pictures[0].shape[:2]
    slant, length = np.pi / 2 + rng.normal(0, 0.15), rng.uniform(8, 40)
    share = np.float32(rng.uniform(0.15, 0.5))
    count = max(1, int(height * width / _RAIN_SPACING * rng.uniform(0.2, 1.5)))
    tone = np.float32(0.9 if rng.random() < 0.85 else 0.1)
    for picture in pictures:
        streaks = np.zeros((height, width), np.uint8)
        for _ in range(count):
            angle, long = slant + rng.normal(0, 0.03), length * rng.uniform(0.6, 1.2)
            start = rng.uniform(0, (width, height))
            end = start + long * np.asarray([np.cos(angle), np.sin(angle)])
            # Three fractional bits.
            a, b = (np.round(p * 8).astype(int).tolist() for p in (start, end))
            cv2.line(streaks, a, b, int(rng.integers(120, 256)), 1, cv2.LINE_AA, 3)
        soft = cv2.GaussianBlur(streaks, (0, 0), 0.6).astype(np.float32) / np.float32(255)
        picture += (share * soft)[..., None] * (tone - picture)
