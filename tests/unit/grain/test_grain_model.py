from __future__ import annotations

import cv2
import numpy as np
import pytest

from filmrestore_core.grain.model import GrainModel


def _model(sigma: float) -> GrainModel:
    if sigma == 0:
        return GrainModel.none(3)
    line = cv2.getGaussianKernel(9, sigma)
    kernel = (line @ line.T).astype(np.float32)
    kernel /= np.float32(np.sqrt((kernel**2).sum()))
    one = np.ones((1, 3), np.float32)
    return GrainModel(np.zeros(1, np.float32), one, np.eye(3, dtype=np.float32), kernel)


@pytest.mark.parametrize("sigma", [0.0, 0.5, 0.8, 1.5])
def test_coarseness_is_the_correlation_of_pixels_side_by_side(sigma: float) -> None:
    model = _model(sigma)
    white = np.random.default_rng(1).standard_normal((400, 400), np.float32)
    grain = cv2.filter2D(white, -1, model.kernel)
    found = np.corrcoef(grain[:, 1:].ravel(), grain[:, :-1].ravel())[0, 1]
    # 160,000 pixels: the correlation's own deviation is below 0.005.
    assert model.coarseness == pytest.approx(found, abs=0.02)
