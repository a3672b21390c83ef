"""Compression blocks: old transfers whose code was starved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from filmrestore_core.synth.negatives.canvas import Picture


def blocks(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """Coarse JPEG on some frames or all, on a grid of its own."""
    import cv2

    height, width, channels = pictures[0].shape
    quality = int(rng.integers(4, 35))
    share = 1.0 if rng.random() < 0.5 else rng.uniform(0.2, 0.8)
    down, right = (int(v) for v in rng.integers(0, 8, 2))
    made: list[Picture] = []
    for picture in pictures:
        if rng.random() < share:
            strength = int(np.clip(quality + rng.integers(-3, 4), 2, 60))
            codes = np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)
            codes = np.pad(codes, ((down, 0), (right, 0), (0, 0)), mode="edge")
            _, data = cv2.imencode(".jpg", codes, [cv2.IMWRITE_JPEG_QUALITY, strength])
            read = np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED))
            read = read.reshape(codes.shape)[down:, right:]
            picture = np.ascontiguousarray(read, np.float32) / np.float32(255)
        made.append(picture.reshape(height, width, channels))
    return made
