"""A net as a detector: what it is shown, how its scores are moved, when it is not believed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from filmrestore_core.errors import ModelContractError
from filmrestore_core.matte import DamageClass
from filmrestore_core.models.card import ModelCard
from filmrestore_core.plate import Plate
from filmrestore_core.runtime.session import Session
from filmrestore_core.segment.exported_net import ExportedSegmenter
from filmrestore_core.settings import DetectSettings
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.window import AlignedWindow, TemporalWindow

SpikeNet = Callable[..., Session]
SpeckWindow = Callable[..., AlignedWindow]
DIRT, SPARKLE = DamageClass.DIRT, DamageClass.SPARKLE


@pytest.mark.parametrize("channels", [1, 3])
def test_specks_are_found_where_they_are(
    spike_net: SpikeNet, speck_window: SpeckWindow, channels: int
) -> None:
    found = ExportedSegmenter(spike_net(), DetectSettings()).segment(
        speck_window(channels=channels)
    )
    assert found.scores[DIRT][40, 60] > 0.9
    assert found.scores[SPARKLE][60, 100] > 0.9
    for plane in found.scores.values():
        far = plane.copy()
        far[30:51, 50:71] = far[50:71, 90:111] = 0
        assert far.max() < 0.5


def test_the_pivot_becomes_one_half(spike_net: SpikeNet, speck_window: SpeckWindow) -> None:
    window = speck_window()
    plain = ExportedSegmenter(spike_net(), DetectSettings()).segment(window).scores[DIRT]
    moved = ExportedSegmenter(spike_net(pivot=0.8), DetectSettings()).segment(window).scores[DIRT]
    sure = plain > 1e-3
    expected = 1 / (1 + (1 - plain[sure]) / plain[sure] * 4)
    # Scores are clipped one millionth before their ends.
    np.testing.assert_allclose(moved[sure], expected, atol=1e-4)
    assert np.all(moved[~sure] == 0)


def test_one_side_and_no_side_have_pivots_of_their_own(
    spike_net: SpikeNet, speck_window: SpeckWindow
) -> None:
    settings = DetectSettings()
    sided = spike_net(pivot=0.5, pivot_one_side=1.0)
    assert not ExportedSegmenter(sided, settings).segment(speck_window((1, 2))).scores
    assert ExportedSegmenter(sided, settings).segment(speck_window()).scores
    alone = spike_net(pivot=0.5, pivot_alone=1.0)
    assert not ExportedSegmenter(alone, settings).segment(speck_window(())).scores


def test_beside_a_black_frame_nothing_is_a_witness(
    spike_net: SpikeNet, speck_window: SpeckWindow
) -> None:
    window = speck_window().window
    black = Plate(
        window.center.number,
        np.zeros_like(window.center.pixels),
        window.center.box,
        np.ones(window.center.box.shape, np.bool_),
    )
    net = ExportedSegmenter(spike_net(pivot_alone=1.0), DetectSettings())
    assert not net.segment(align(TemporalWindow(black, window.neighbors))).scores


def test_motion_protection_lowers_scores_only_where_motion_fails(
    spike_net: SpikeNet, speck_window: SpeckWindow
) -> None:
    window = speck_window()
    usual = ExportedSegmenter(spike_net(), DetectSettings()).segment(window).scores[DIRT]
    firm = DetectSettings(motion_protection=1.0)
    wary = ExportedSegmenter(spike_net(), firm).segment(window).scores[DIRT]
    assert np.all(wary <= usual + 1e-6)
    assert wary[40, 60] > 0.5


def test_what_was_not_finite_is_never_damage(
    spike_net: SpikeNet, speck_window: SpeckWindow
) -> None:
    window = speck_window().window
    finite = np.ones(window.center.box.shape, np.bool_)
    finite[38:43, 58:63] = False
    center = Plate(10, window.center.pixels.copy(), window.center.box, finite)
    net = ExportedSegmenter(spike_net(), DetectSettings())
    found = net.segment(align(TemporalWindow(center, window.neighbors)))
    assert found.scores[DIRT][40, 60] == 0


def test_a_net_for_something_else_is_refused(
    tiny_card: Callable[..., ModelCard], tiny_onnx: Callable[..., bytes]
) -> None:
    card = tiny_card()
    with pytest.raises(ModelContractError, match="test-v1"):
        ExportedSegmenter(Session(card, tiny_onnx(card)), DetectSettings())
