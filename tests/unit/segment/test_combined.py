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
from filmrestore_core.segment.combined import PIVOT, WEIGHT, CombinedSegmenter
from filmrestore_core.segment.exported_net import ExportedSegmenter
from filmrestore_core.segment.registry import choose_segmenter
from filmrestore_core.settings import Detector, DetectSettings
from filmrestore_core.temporal.window import AlignedWindow

SpikeNet = Callable[..., Session]
SpeckWindow = Callable[..., AlignedWindow]


def both(net: Session) -> CombinedSegmenter:
    settings = DetectSettings()
    return CombinedSegmenter(ExportedSegmenter(net, settings), ClassicalSegmenter(settings))


def test_logits_are_added(spike_net: SpikeNet, speck_window: SpeckWindow) -> None:
    window = speck_window()
    dirt = DamageClass.DIRT
    net = ExportedSegmenter(spike_net(), DetectSettings()).segment(window).scores[dirt][40, 60]
    classical = ClassicalSegmenter(DetectSettings()).segment(window).scores[dirt][40, 60]
    found = both(spike_net(**{WEIGHT: 0.5, PIVOT: 1.0})).segment(window)

    def logit(score: float) -> float:
        inside = np.clip(score, 1e-3, 1 - 1e-3)
        return float(np.log(inside / (1 - inside)))

    total = logit(net) + 0.5 * logit(classical) - 1.0
    assert found.scores[dirt][40, 60] == pytest.approx(1 / (1 + np.exp(-total)), abs=1e-5)


def test_without_weight_the_net_alone_decides(
    spike_net: SpikeNet, speck_window: SpeckWindow
) -> None:
    window = speck_window()
    found = both(spike_net(**{WEIGHT: 0.0, PIVOT: 0.0})).segment(window)
    alone = ExportedSegmenter(spike_net(), DetectSettings()).segment(window)
    best = np.max(list(found.scores.values()), axis=0)
    expected = np.max(list(alone.scores.values()), axis=0)
    sure = expected > 0.05
    # Logits are held within three decimals of certainty.
    np.testing.assert_allclose(best[sure], np.clip(expected[sure], 1e-3, 1 - 1e-3), atol=1e-5)


def test_where_the_net_has_nothing_to_say_the_classical_one_speaks(
    spike_net: SpikeNet, speck_window: SpeckWindow
) -> None:
    window = speck_window((1, 2))
    net = spike_net(**{WEIGHT: 1.0, PIVOT: 0.0, "pivot_one_side": 1.0})
    found, classical = both(net).segment(window), ClassicalSegmenter(DetectSettings())
    for name, plane in classical.segment(window).scores.items():
        assert np.array_equal(found.scores[name], plane)


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
