"""Generation loss: what copying and old transfers do to picture and damage alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from filmrestore_core.synth.gauge import FilmFrame
from filmrestore_core.synth.section import Section


class GenerationSettings(Section):
    """Loss after the damage; clean and damaged pictures go through it alike."""

    blur: float = Field(0.0, ge=0, le=500, description="Sigma of the softening, micron on film.")
    contrast: float = Field(1.0, gt=0, le=4, description="Factor on contrast about mid grey.")
    lift: float = Field(0.0, ge=-0.5, le=0.5, description="Code value added after it.")
    jpeg: int = Field(0, ge=0, le=100, description="Quality of an old transfer; 0: none.")


def copied(
    pixels: NDArray[np.float32], settings: GenerationSettings, frame: FilmFrame
) -> NDArray[np.float32]:
    """The picture after the loss.

    Args:
        pixels: (H, W, C) float32 code values.
        settings: what is lost.
        frame: size of the picture in px and on the film.
    """
    import cv2

    result = pixels
    if settings.blur > 0:
        soft = cv2.GaussianBlur(result, (0, 0), frame.px(settings.blur))
        result = np.asarray(soft, np.float32).reshape(pixels.shape)
    if settings.contrast != 1 or settings.lift != 0:
        middle = np.float32(0.45)
        result = (result - middle) * np.float32(settings.contrast) + middle
        result = result + np.float32(settings.lift)
    if settings.jpeg:
        coded = np.round(np.clip(result, 0, 1) * 255).astype(np.uint8)
        order = coded[..., ::-1] if coded.shape[2] == 3 else coded
        _, data = cv2.imencode(".jpg", order, [cv2.IMWRITE_JPEG_QUALITY, settings.jpeg])
        read = np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED)).reshape(pixels.shape)
        read = read[..., ::-1] if pixels.shape[2] == 3 else read
        result = (read / 255).astype(np.float32)
    return np.ascontiguousarray(result, np.float32)
