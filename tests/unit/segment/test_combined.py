"""Two detectors together, and who is asked for by the settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from filmrestore_core.errors import DeviceError, ModelNotFoundError
from filmrestore_core.matte import DamageClass
from filmrestore_core.models.store import ModelStore
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.session import Session
from filmrestore_core.segment.classical import ClassicalSegmenter
from filmrestore_core.segment.combined import PIVOT, CombinedSegmenter
from filmrestore_core.segment.exported_net import ExportedSegmenter
from filmrestore_core.segment.object_stage import (
    FEATURES,
    PREFIX,
    mark_scores,
    marks_of,
    spread,
)
from filmrestore_core.segment.registry import choose_segmenter
from filmrestore_core.settings import Detector, DetectSettings
from filmrestore_core.temporal.window import AlignedWindow

SpikeNet = Callable[..., Session]
SpeckWindow = Callable[..., AlignedWindow]
DIRT, SPARKLE = DamageClass.DIRT, DamageClass.SPARKLE


def judged(pivot: float = 0.5, **weights: float) -> dict[str, float]:
    """A card's calibration: weights of features, the others 0."""
    zero = {PREFIX + name: 0.0 for name in (*FEATURES, "bias", "large")}
    return {**zero, PIVOT: pivot, **{PREFIX + name: w for name, w in weights.items()}}


def both(net: Session, protection: float = 0.5) -> CombinedSegmenter:
    settings = DetectSettings(motion_protection=protection)
    return CombinedSegmenter(
        ExportedSegmenter(net, settings), ClassicalSegmenter(settings), protection=protection
    )


def test_a_mark_has_the_score_of_its_judgement(
    spike_net: SpikeNet, speck_window: SpeckWindow
) -> None:
    window = speck_window()
    net = spike_net(**judged(net_max=1.0))
    found = both(net).segment(window)
    peak = ExportedSegmenter(net, DetectSettings()).raw_scores(window)[0, 36:45, 56:65].max()
    # Logits are held within three decimals of certainty.
    assert found.scores[DIRT][36:45, 56:65].max() == pytest.approx(min(peak, 0.999), abs=1e-4)
    assert found.scores[SPARKLE][60, 100] > 0.5
    assert found.scores[SPARKLE][40, 60] < found.scores[DIRT][40, 60]
    assert found.scores[DIRT][80, 20] == 0


def test_the_pivot_becomes_one_half(spike_net: SpikeNet, speck_window: SpeckWindow) -> None:
    window = speck_window()
    mild = both(spike_net(**judged(bias=0.4))).segment(window).scores[DIRT].max()
    strict = both(spike_net(**judged(0.9, bias=0.4))).segment(window).scores[DIRT].max()
    assert mild == pytest.approx(1 / (1 + np.exp(-0.4)), abs=1e-5)
    assert strict == pytest.approx(1 / (1 + np.exp(-0.4 + np.log(9))), abs=1e-5)


def test_large_marks_can_be_refused(spike_net: SpikeNet, speck_window: SpeckWindow) -> None:
    found = both(spike_net(**judged(bias=3.0, log_area=-2.0))).segment(speck_window())
    assert max(plane.max() for plane in found.scores.values()) < 0.5


def test_a_mark_that_covers_much_must_be_surer() -> None:
    net = np.zeros((100, 100), np.float32)
    net[5:8, 5:8] = net[40:80, 40:80] = 0.9
    marks = marks_of(net, np.zeros_like(net), np.ones_like(net))
    plain, wary = (mark_scores(marks, judged(bias=2.0, large=k)) for k in (0.0, 0.7))
    assert wary[0] == plain[0]
    # 1600 px are 160 times a thousandth of the picture.
    assert wary[1] == pytest.approx(1 / (1 + np.exp(-2.0 + 0.7 * np.log(160))), abs=1e-5)


def test_motion_protection_counts_where_motion_is_not_trusted() -> None:
    """A mark where the motion is sure keeps its score; elsewhere protection lowers it."""
    net = np.zeros((40, 40), np.float32)
    net[5:9, 5:9] = net[25:29, 25:29] = 0.9
    validity = np.ones((40, 40), np.float32)
    validity[20:] = 0.0
    marks = marks_of(net, np.zeros_like(net), validity)
    assert marks.features[:, FEATURES.index("validity")].tolist() == [1.0, 0.0]
    scores = mark_scores(marks, judged(validity=2.0))
    assert scores[0] > scores[1]
    plane = spread(marks, scores, net, np.zeros_like(net))
    assert plane[6, 6] == pytest.approx(scores[0])
    assert np.count_nonzero(plane) == 32


def test_with_one_neighbor_the_classical_detector_decides(
    spike_net: SpikeNet, speck_window: SpeckWindow
) -> None:
    window = speck_window((1,))
    found = both(spike_net(**judged(bias=5.0))).segment(window)
    for name, plane in ClassicalSegmenter(DetectSettings()).segment(window).scores.items():
        assert np.array_equal(found.scores[name], plane)


def test_a_card_must_say_all_weights(spike_net: SpikeNet) -> None:
    assert CombinedSegmenter.fits(spike_net(**judged()).card)
    short = judged()
    del short[PREFIX + "validity"]
    assert not CombinedSegmenter.fits(spike_net(**short).card)


def test_who_is_asked_for_by_name_must_be_there(tmp_path: Path) -> None:
    shelf = ModelStore(builtin=tmp_path)
    net = DetectSettings(detector=Detector.NET, model="no-such-net")
    with pytest.raises(ModelNotFoundError, match="no-such-net"):
        choose_segmenter(net, models=shelf, device=Device.CPU)
    classical = DetectSettings(detector=Detector.CLASSICAL)
    chosen = choose_segmenter(classical, models=shelf, device=Device.CPU)
    assert chosen is not None
    assert isinstance(chosen.segmenter, ClassicalSegmenter)
    none = DetectSettings(detector=Detector.NONE)
    assert choose_segmenter(none, models=shelf, device=Device.CPU) is None
    with pytest.raises(DeviceError):
        choose_segmenter(classical, models=shelf, device=Device.COREML)
