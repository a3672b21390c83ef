"""Occlusions: something large crosses in front of everything."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from filmrestore_core.synth.negatives.canvas import Picture, Points, smear_kernel, turned
from filmrestore_core.synth.negatives.flight import between


def occlusion(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """A pole, limb or passer-by: an outline with a texture of its own, blurred by its speed."""
    import cv2

    height, width, channels = pictures[0].shape
    speed = between(rng, 6, 90)
    angle = rng.choice([0.0, np.pi]) + rng.normal(0, 0.25)
    if rng.random() < 0.2:
        angle += np.pi / 2
    velocity = speed * np.array([np.cos(angle), np.sin(angle)])
    swing = rng.normal(0, 0.03)
    size = between(rng, 0.06, 0.6) * max(height, width)
    outline = _outline(rng, size)
    at_middle = rng.uniform(0.2, 0.8, 2) * [width, height]
    texture = _texture(pictures[0], rng)
    way = velocity * rng.uniform(0.15, 0.5)
    edge = rng.uniform(0.6, 2.0)
    made = []
    for time, picture in enumerate(pictures):
        t = time - (len(pictures) - 1) / 2
        place = at_middle + velocity * t
        corners = np.clip(place + turned(outline, swing * t), -20000, 20000)
        mask = np.zeros((height, width), np.uint8)
        cv2.fillPoly(mask, [np.round(corners * 16).astype(np.int32)[:, None]], 255, cv2.LINE_AA, 4)
        if np.abs(way).max() > 2:
            kernel = smear_kernel(way)
            mask = np.asarray(cv2.filter2D(mask, -1, kernel, borderType=cv2.BORDER_REPLICATE))
        share = np.asarray(cv2.GaussianBlur(mask, (0, 0), edge), np.float32)[..., None] / 255
        ahead = np.array([[1, 0, place[0]], [0, 1, place[1]]])
        moved = cv2.warpAffine(texture, ahead, (width, height), borderMode=cv2.BORDER_REFLECT_101)
        front = np.asarray(moved, np.float32).reshape(height, width, channels)
        made.append(picture + share * (front - picture))
    return made


def _outline(rng: np.random.Generator, size: float) -> Points:
    """(n, 2) about the origin: a long thing (limb, pole) or a lump (head, body)."""
    if rng.random() < 0.55:
        along = np.linspace(-4, 4, 24) * size
        bend = rng.normal(0, 0.15) * size * np.sin(along / size * rng.uniform(0.3, 0.9))
        half = size * 0.25 * (1 + 0.3 * np.sin(along / size * rng.uniform(0.2, 1.2) + 1.0))
        edge = np.concatenate(
            [np.stack([bend - half, along], -1), np.stack([bend + half, along], -1)[::-1]]
        )
        lean = rng.normal(0, 0.35)
        return turned(edge, lean)
    around = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    reach = np.full(around.size, 0.6 * size)
    for wave in range(2, 6):
        reach *= 1 + rng.normal(0, 0.25 / wave) * np.cos(wave * around + rng.uniform(0, 6.3))
    stretch = np.array([rng.uniform(0.6, 1.0), rng.uniform(1.0, 1.8)])
    return np.asarray(reach[:, None] * np.stack([np.cos(around), np.sin(around)], -1) * stretch)


def _texture(picture: Picture, rng: np.random.Generator) -> Picture:
    """Another part of the picture, turned over, out of focus, in another light."""
    import cv2

    flipped = picture[::-1, ::-1] if rng.random() < 0.5 else picture[:, ::-1]
    soft = cv2.GaussianBlur(np.ascontiguousarray(flipped), (0, 0), between(rng, 0.8, 12))
    gain, tone = rng.uniform(0.2, 1.0), rng.uniform(0.02, 0.7)
    mixed = tone + gain * (np.asarray(soft, np.float32).reshape(picture.shape) - 0.45)
    return np.asarray(np.clip(mixed, 0, 1), np.float32)
