"""Cuts: another shot begins, or ends, somewhere in the window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from filmrestore_core.synth.negatives.canvas import Picture


def cut(
    pictures: Sequence[Picture],
    rng: np.random.Generator,
    *,
    other: Sequence[Picture] | None = None,
) -> list[Picture]:
    """A cut at one of the frames, each as likely; seldom a shot of one or two frames only.

    Args:
        pictures: (H, W, C) float32 each.
        rng: where the place comes from.
        other: as many frames of another shot, of the same shape; None: the same shot from
            another camera, as it were (turned over, enlarged, in another light).
    """
    frames = len(pictures)
    if frames < 2:
        return list(pictures)
    there = _other_side(pictures, rng) if other is None else list(other)
    if rng.random() < 0.15:
        first = int(rng.integers(frames))
        last = first + int(rng.integers(1, 3))
        return [there[i] if first <= i < last else p for i, p in enumerate(pictures)]
    place, before = int(rng.integers(1, frames)), rng.random() < 0.5
    return [there[i] if (i < place) == before else p for i, p in enumerate(pictures)]


def _other_side(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    import cv2

    height, width, _ = pictures[0].shape
    zoom, gain = rng.uniform(1.1, 2.0), rng.uniform(0.6, 1.4)
    left, top = rng.uniform(0, 1 - 1 / zoom, 2) * [width, height] * zoom
    matrix = np.array([[-zoom, 0, width * zoom - left], [0, zoom, -top]])
    return [
        np.clip(
            np.asarray(
                cv2.warpAffine(p, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101),
                np.float32,
            ).reshape(p.shape)
            * np.float32(gain),
            0,
            1,
        )
        for p in pictures
    ]
