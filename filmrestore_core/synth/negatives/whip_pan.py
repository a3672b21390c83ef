"""Whip pans: the camera is thrown round, everything smears."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.synth.negatives.canvas import Picture, Points, smear_kernel
from filmrestore_core.synth.negatives.flight import between


def whip_pan(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """Large shifts that swell and fade, each frame smeared along its own; borders are mirrored."""
    import cv2

    height, width, _ = pictures[0].shape
    frames = len(pictures)
    top = between(rng, 0.06, 0.45) * width
    angle = rng.choice([0.0, np.pi]) + (rng.normal(0, 0.2) if rng.random() < 0.5 else 0.0)
    if rng.random() < 0.15:
        angle += np.pi / 2
    peak, lasts = rng.uniform(-1, frames), rng.uniform(0.6, 0.8 * frames)
    shutter = rng.uniform(0.25, 0.6)
    times = np.arange(frames)
    speeds = top * np.exp(-((times - peak) ** 2) / (2 * lasts**2))
    # The frame in the middle is where the picture is taken from, lest all of it be mirror.
    ways = np.cumsum(speeds) - np.cumsum(speeds)[frames // 2]
    heading = np.array([np.cos(angle), np.sin(angle)])
    made = []
    for picture, way, speed in zip(pictures, ways, speeds, strict=True):
        right, down = heading * way
        moved = cv2.warpAffine(
            picture,
            np.array([[1, 0, right], [0, 1, down]]),
            (width, height),
            borderMode=cv2.BORDER_REFLECT_101,
        )
        smear = heading * speed * shutter
        if np.abs(smear).max() > 0.7:
            moved = _smeared(moved, smear)
        made.append(np.asarray(moved, np.float32).reshape(picture.shape))
    return made


def _smeared(picture: NDArray[Any], way: Points) -> NDArray[Any]:
    """The picture as an open shutter sees it go `way` (x, y), px."""
    import cv2

    sides = np.maximum(1, 2 * np.round((np.abs(way) - 1) / 2) + 1).astype(int).tolist()
    if min(sides) == 1:
        # Along an axis it is a box, which costs the same for any length.
        return np.asarray(cv2.blur(picture, sides, borderType=cv2.BORDER_REFLECT_101))
    kernel = smear_kernel(way)
    return np.asarray(cv2.filter2D(picture, -1, kernel, borderType=cv2.BORDER_REFLECT_101))
