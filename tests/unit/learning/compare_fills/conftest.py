"""Crops with holes of known truth, small and made by rule."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from filmrestore_core.inpaint.planes import (
    CENTER,
    COARSENESS,
    FIRST,
    LENT,
    MATTE,
    NOISE,
    SPOILED,
    VALIDITY,
)
from filmrestore_core.learning.samples.holes import BARE, PLANE_COUNT, TRUTH
from filmrestore_core.noise import generator

SIDE = 64
SIGMA = 0.02


def stored_crop(seed: int) -> np.ndarray:
    """(PLANE_COUNT, SIDE, SIDE): three holes, one shown rightly, one wrongly, one not at all."""
    rng = generator(seed, "crop")
    soft = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE, 3), np.float32), (0, 0), 4)
    bare = np.moveaxis(0.5 + 0.1 * soft / soft.std(), -1, 0).astype(np.float32)
    truth = bare + SIGMA * rng.standard_normal(bare.shape, np.float32)
    planes = np.zeros((PLANE_COUNT, SIDE, SIDE), np.float32)
    holes = np.zeros((SIDE, SIDE), bool)
    shown, wrong, alone = (
        (slice(4, 12), slice(4, 12)),
        (slice(4, 20), slice(30, 46)),
        (slice(30, 56), slice(20, 50)),
    )
    for place in (shown, wrong, alone):
        holes[place] = True
    planes[MATTE] = holes
    planes[CENTER] = np.where(holes, 0.0, truth)
    planes[FIRST] = np.where(holes, 0.4, planes[CENTER])
    planes[LENT] = np.tile(bare - planes[FIRST], (4, 1, 1))
    planes[VALIDITY] = 1.0
    for place in (wrong, alone):
        # There the neighbours show the damage too.
        planes[LENT][(slice(None), *place)] = -0.4
    planes[SPOILED][(slice(None), *alone)] = 1.0
    planes[NOISE], planes[COARSENESS] = SIGMA * 10, 0.0
    planes[TRUTH], planes[BARE] = truth, bare
    return planes


@pytest.fixture
def stored() -> np.ndarray:
    return stored_crop(1)


@pytest.fixture
def hole_store(tmp_path: Path) -> Path:
    """Three windows of two crops; the second crop of each has no hole."""
    folder = tmp_path / "holes"
    folder.mkdir()
    (folder / "plan.json").write_text("{}")
    for index in range(3):
        crops = np.stack([stored_crop(index), stored_crop(index + 10)])
        crops[1, MATTE] = 0
        np.save(folder / f"{index:06d}.npy", crops.astype(np.float16))
        (folder / f"{index:06d}.json").write_text(json.dumps({"crops": 2}))
    return folder
