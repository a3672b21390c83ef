"""A net that says of marks how much they look like damage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from filmrestore_core.errors import ModelContractError
from filmrestore_core.runtime.session import Session
from filmrestore_core.segment import mark_net
from filmrestore_core.segment.mark_crops import SIDE
from filmrestore_core.segment.mark_measure import MeasuredMarks
from filmrestore_core.segment.mark_net import ExportedMarkNet
from filmrestore_core.temporal.window import AlignedWindow

SIDES = (3, 9, 5, 7, 4)


@pytest.fixture
def parts() -> list[tuple[slice, slice]]:
    """Squares of several sizes, apart from each other."""
    return [(slice(20, 20 + n), slice(10 + 25 * i, 10 + 25 * i + n)) for i, n in enumerate(SIDES)]


@pytest.mark.parametrize("at_once", [1, 2, 64])
def test_each_mark_has_the_answer_of_its_own_crop(
    crop_net: Callable[..., Session],
    speck_window: Callable[..., AlignedWindow],
    marks_at: Callable[..., MeasuredMarks],
    parts: list[tuple[slice, slice]],
    at_once: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mark_net, "_AT_ONCE", at_once)
    window = speck_window()
    shape = window.center.box.shape
    marks, nothing = marks_at(shape, *parts), np.zeros(shape, np.float32)
    net = ExportedMarkNet(crop_net(gain=2.0))
    chosen = np.asarray([4, 0, 2, 1, 3])
    found = net.logits(window, nothing, marks, chosen)
    expected = [2.0 * SIDES[i] ** 2 / SIDE**2 for i in chosen]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert net.logits(window, nothing, marks, chosen[:0]).shape == (0,)


def test_a_net_for_something_else_is_refused(
    crop_net: Callable[..., Session], spike_net: Callable[..., Session]
) -> None:
    with pytest.raises(ModelContractError, match="judges marks"):
        ExportedMarkNet(spike_net())
    with pytest.raises(ModelContractError, match="marks-v1"):
        ExportedMarkNet(crop_net(planes="marks-v9"))
