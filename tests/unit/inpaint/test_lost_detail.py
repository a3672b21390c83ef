"""What averaging took from a fill is known, and made up for by as much grain."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from filmrestore_core.grain.estimate import estimate_grain
from filmrestore_core.grain.regrain import regrain
from filmrestore_core.inpaint.temporal_fill import TemporalFill
from filmrestore_core.testing.windows import known_window

ROWS, COLUMNS = np.ogrid[:96, :128]
HOLE = (ROWS - 48) ** 2 + (COLUMNS - 60) ** 2 <= 12**2


def _fine(pixels, where):
    fine = pixels - cv2.GaussianBlur(pixels, (0, 0), 1.0).reshape(pixels.shape)
    return float(np.square(fine[where]).mean())


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("grain", [0.02, 0.05])
def test_a_grained_fill_is_as_fine_as_the_film(channels, grain):
    known = known_window(holes={100: HOLE}, channels=channels, grain=grain)
    center = known.aligned.center
    model = estimate_grain(known.aligned, known.mattes[100])
    fill = TemporalFill().inpaint(known.aligned, known.mattes, grain=model)
    assert fill.detail_lost is not None
    assert 0 <= fill.detail_lost.min() <= fill.detail_lost.max() <= 1
    assert (fill.detail_lost[~fill.filled] == 0).all()
    grained = regrain(fill, center, known.mattes[100], model, seed=3)
    around = ~cv2.dilate(HOLE.astype(np.uint8), np.ones((9, 9))).astype(bool)
    # The hole has 450 pixels of a picture whose detail is not everywhere alike.
    assert _fine(grained, HOLE) == pytest.approx(_fine(center.pixels, around), rel=0.3)
