from __future__ import annotations

import cv2
import numpy as np
import pytest

from filmrestore_core.places import boxes_of, places


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 1.0])
def test_boxes_are_those_of_opencv(share: float) -> None:
    mask = np.random.default_rng(3).random((61, 83)) < share
    number, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    at = places(mask)
    np.testing.assert_array_equal(np.stack(at), np.stack(np.nonzero(mask)))
    boxes = boxes_of(*at, labels[at].astype(np.intp) - 1, number - 1)
    assert boxes.dtype == np.int32
    np.testing.assert_array_equal(boxes, stats[1:, :4])
