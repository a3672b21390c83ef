"""Well-known fills, told the true holes: what a restorer's fill is measured against."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.metrics.detection import grown
from filmrestore_core.metrics.evaluate import EvaluationCase, RestoredPicture, holes
from filmrestore_core.plate import Plate
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.warp import warp_field
from filmrestore_core.temporal.window import TemporalWindow

# Of OpenCV's methods, in px: the neighbourhood that a filled pixel is made of.
_INPAINT_RADIUS = 3
# Neighbours on each side that the median is taken of.
_RADIUS = 2
# Soft edges of visible damage reach so far, px.
_FAINT_RIM = 3.0
_TRUSTED = 0.5
_LARGEST_CODE = 255


class Inpainting(StrEnum):
    """OpenCV's two methods."""

    TELEA = "telea"
    NAVIER_STOKES = "navier-stokes"


def true_hole(case: EvaluationCase, index: int) -> NDArray[np.bool_]:
    """(H, W) bool: a frame's visible damage with its faint rim, grown by a pixel.

    Damage that is faint all over is no hole: what cannot be seen is better left than filled.
    """
    visible = holes(case.truth[index], case.damaged[index].shape[:2])
    rim = case.faint[index] & grown(visible, _FAINT_RIM)
    return grown(visible | rim, 1.0)


def inpaint(case: EvaluationCase, method: Inpainting) -> list[RestoredPicture]:
    """The true holes filled frame by frame by OpenCV, at 8 bits, as it does.

    Telea, "An image inpainting technique based on the fast marching method", 2004; Bertalmio,
    Bertozzi, Sapiro, "Navier-Stokes, fluid dynamics, and image and video inpainting", 2001.
    """
    pictures = []
    for index, damaged in enumerate(case.damaged):
        hole = true_hole(case, index)
        filled = np.where(hole[..., None], _inpainted(damaged, hole, method), damaged)
        pictures.append(RestoredPicture(filled, hole.astype(np.float32)))
    return pictures


def neighbor_median(case: EvaluationCase) -> list[RestoredPicture]:
    """The true holes filled with the median of up to four motion-compensated neighbours.

    Neighbours count where their motion can be trusted and they are not damaged themselves; where
    none does, Telea's fill stands in. Motion is found on the damaged frames.
    """
    wholes = [true_hole(case, i) for i in range(len(case.damaged))]
    return [_median(case, index, wholes) for index in range(len(case.damaged))]


def _median(case: EvaluationCase, index: int, wholes: list[NDArray[np.bool_]]) -> RestoredPicture:
    damaged, hole = case.damaged[index], wholes[index]
    if not hole.any():
        return RestoredPicture(damaged, hole.astype(np.float32))
    last = len(case.damaged) - 1
    near = [i for i in range(max(0, index - _RADIUS), min(last, index + _RADIUS) + 1) if i != index]
    window = TemporalWindow(_plate(damaged, index), tuple(_plate(case.damaged[i], i) for i in near))
    layers = []
    for neighbor in align(window).neighbors:
        mask = wholes[neighbor.number].astype(np.float32)[..., None]
        moved = warp_field(mask, neighbor.flow, kind="linear")[..., 0]
        usable = (neighbor.validity >= _TRUSTED) & (moved < 0.05)
        layers.append(np.where(usable[..., None], neighbor.pixels, np.nan)[hole])
    filled = damaged.copy()
    if layers:
        values = np.stack(layers)
        known = np.any(np.isfinite(values[..., 0]), axis=0)
        stand_in = _inpainted(damaged, hole, Inpainting.TELEA)[hole]
        stand_in[known] = np.nanmedian(values[:, known], axis=0)
        filled[hole] = stand_in
    else:
        filled[hole] = _inpainted(damaged, hole, Inpainting.TELEA)[hole]
    return RestoredPicture(filled, hole.astype(np.float32))


def _inpainted(
    pixels: NDArray[np.float32], hole: NDArray[np.bool_], method: Inpainting
) -> NDArray[np.float32]:
    import cv2

    flag = cv2.INPAINT_TELEA if method is Inpainting.TELEA else cv2.INPAINT_NS
    codes = np.round(np.clip(pixels, 0, 1) * _LARGEST_CODE).astype(np.uint8)
    if codes.shape[2] == 1:
        codes = codes[..., 0]
    filled = cv2.inpaint(np.ascontiguousarray(codes), hole.astype(np.uint8), _INPAINT_RADIUS, flag)
    return (np.asarray(filled).reshape(pixels.shape) / np.float32(_LARGEST_CODE)).astype(np.float32)


def _plate(pixels: NDArray[np.float32], number: int) -> Plate:
    height, width = pixels.shape[:2]
    return Plate(
        number, pixels.copy(), Box.of_size(width, height), np.ones((height, width), np.bool_)
    )
