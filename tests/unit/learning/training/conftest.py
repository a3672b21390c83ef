"""Small holes that no footage had to be damaged for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from filmrestore_core.inpaint.planes import CENTER, FIRST, LENT, MATTE
from filmrestore_core.learning.samples.holes import BARE, PLANE_COUNT, TRUTH
from filmrestore_core.learning.samples.store import SceneStore
from filmrestore_core.noise import generator

SIDE = 64


@pytest.fixture(scope="session")
def holes_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders train and validation, four and two windows of two crops; tests must not write here.

    The neighbour before shows the truth, the first fill is off by a fifth.
    """
    root = tmp_path_factory.mktemp("holes")
    for side, count in (("train", 4), ("validation", 2)):
        for index in range(count):
            rng = generator(4, side, index)
            planes = np.zeros((2, PLANE_COUNT, SIDE, SIDE), np.float32)
            planes[:, BARE] = rng.random((2, 3, SIDE, SIDE), np.float32)
            grain = 0.03 * rng.standard_normal((2, 3, SIDE, SIDE), np.float32)
            planes[:, TRUTH] = planes[:, BARE] + grain
            planes[:, MATTE, 20:36, 12:50] = 1.0
            planes[:, CENTER] = planes[:, TRUTH] * (1 - planes[:, MATTE, None])
            planes[:, FIRST] = planes[:, TRUTH] + 0.2 * planes[:, MATTE, None]
            lent = planes[:, TRUTH] - planes[:, FIRST]
            planes[:, LENT.start : LENT.start + 3] = lent
            SceneStore(root / side).write(index, planes.astype(np.float16), {})
    return root
