"""Two detectors together, and who is asked for by the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.errors import DeviceError, ModelNotFoundError
from filmrestore_core.matte import DamageClass
from filmrestore_core.models.store import ModelStore
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.session import Session
from filmrestore_core.segment import combined, judge, verdict
from filmrestore_core.segment.classical import ClassicalSegmenter
from filmrestore_core.segment.combined import JUDGE_EDITION, JUDGE_KEY, CombinedSegmenter
from filmrestore_core.segment.company import VERDICT_COLUMNS
from filmrestore_core.segment.exported_net import ExportedSegmenter
from filmrestore_core.segment.judge import Judge, load_judge
from filmrestore_core.segment.mark_measure import MARK_COLUMNS
from filmrestore_core.segment.mark_net import ExportedMarkNet
from filmrestore_core.segment.registry import choose_segmenter
from filmrestore_core.settings import Detector, DetectSettings
from filmrestore_core.temporal.window import AlignedWindow

SpikeNet = Callable[..., Session]
SpeckWindow = Callable[..., AlignedWindow]
Both = Callable[..., CombinedSegmenter]
DIRT, SPARKLE = DamageClass.DIRT, DamageClass.SPARKLE
FITTING = {JUDGE_KEY: JUDGE_EDITION}


def stump(column: str, limit: float, low: float, high: float) -> Judge:
    """One decision: up to the limit a low logit, beyond it a high one."""
    return Judge(
        features=(column,),
        base=0.0,
        pivot=0.0,
        slope=1.0,
        roots=np.asarray([0]),
        feature=np.asarray([0, -1, -1]),
        threshold=np.asarray([limit, 0.0, 0.0]),
        left=np.asarray([1, 0, 0]),
        right=np.asarray([2, 0, 0]),
        value=np.asarray([0.0, low, high]),
        depth=1,
    )


class AsFirstSaid:
    """Stands for the judge that knows a mark's company, and says what was said without."""

    pivot = 0.0
    lift = np.inf

    def logit(self, columns: NDArray[np.float64], names: tuple[str, ...]) -> NDArray[np.float64]:
        first = columns[:, names.index("trees")] + columns[:, names.index("look")]
        return np.asarray(first, np.float64)

    def score_of(self, logit: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(1.0 / (1.0 + np.exp(-logit)), np.float64)


@pytest.fixture
def judged_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[Judge], list[str]]:
    """Puts a judge in the place of the shipped ones; the list says which were asked for."""
    asked: list[str] = []

    def put(judge: Judge) -> list[str]:
        def load(name: str) -> Judge | AsFirstSaid:
            asked.append(name)
            return AsFirstSaid() if name.startswith("company_") else judge

        monkeypatch.setattr(verdict, "load_judge", load)
        return asked

    return put


@pytest.fixture
def both(crop_net: Callable[..., Session]) -> Both:
    """Both detectors and a net that says of each mark how large it is."""

    def make(net: Session, protection: float = 0.5) -> CombinedSegmenter:
        settings = DetectSettings(motion_protection=protection)
        return CombinedSegmenter(
            ExportedSegmenter(net, settings),
            ClassicalSegmenter(settings),
            ExportedMarkNet(crop_net(gain=100.0)),
            protection=protection,
        )

    return make


@pytest.mark.parametrize("name", ["marks_both_sides", "marks_one_side"])
def test_the_shipped_judges_want_what_is_measured(name: str) -> None:
    judge = load_judge(name)
    assert set(judge.features) <= set(MARK_COLUMNS)
    assert len(judge.roots) > 50


@pytest.mark.parametrize("name", ["company_both_sides", "company_one_side"])
def test_the_shipped_judges_of_company_want_what_is_told(name: str) -> None:
    judge = load_judge(name)
    assert set(judge.features) <= set(VERDICT_COLUMNS)
    assert len(judge.roots) > 50


def test_a_mark_is_judged_as_a_whole(
    both: Both,
    spike_net: SpikeNet,
    speck_window: SpeckWindow,
    judged_by: Callable[[Judge], list[str]],
) -> None:
    asked = judged_by(stump("log_area", 0.0, -9.0, 9.0))
    found = both(spike_net(all_classes=True)).segment(speck_window())
    assert asked == ["marks_both_sides", "company_both_sides"]
    # The core has the mark's score, its class is the likelier one, and nothing lies elsewhere.
    assert found.scores[DIRT][40, 60] > 0.99
    assert found.scores[SPARKLE][60, 100] > 0.99
    assert found.scores[SPARKLE][40, 60] < found.scores[DIRT][40, 60]
    assert found.scores[DIRT][80, 20] == 0


def test_a_mark_that_the_judge_refuses_is_not_found(
    both: Both,
    spike_net: SpikeNet,
    speck_window: SpeckWindow,
    judged_by: Callable[[Judge], list[str]],
) -> None:
    judged_by(stump("log_area", 99.0, -3.0, 3.0))
    window = speck_window()
    found = both(spike_net(all_classes=True)).segment(window)
    # But for what the classical detector is quite sure of by itself.
    alone = ClassicalSegmenter(DetectSettings()).segment(window)
    for damage_class, plane in found.scores.items():
        own = alone.scores.get(damage_class, np.zeros_like(plane))
        assert np.all(plane <= np.maximum(own, 0.1))
        assert np.all((plane >= 0.5)[own >= 0.6])
        assert not np.any((plane >= 0.5)[own < 0.59])


def test_trees_and_look_decide_together(
    both: Both,
    spike_net: SpikeNet,
    speck_window: SpeckWindow,
    judged_by: Callable[[Judge], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("filmrestore_core.segment.classical.find_objects", lambda spikes: None)
    monkeypatch.setattr(verdict, "wariness", lambda columns: np.zeros(len(columns)))
    trees = stump("log_area", 0.0, -9.0, -2.0)
    segmenter, window = both(spike_net(all_classes=True)), speck_window()

    def score(judge: Judge) -> float:
        judged_by(judge)
        return float(segmenter.segment(window).scores[DIRT][40, 60])

    alone = score(trees)
    assert alone == pytest.approx(1 / (1 + np.exp(2.0)), abs=1e-6)
    # The net says a hundred times the share of the crop; the mark has some 49 to 81 px.
    seen = score(replace(trees, look=1.0))
    assert 1 / (1 + np.exp(-0.1)) < seen < 1 / (1 + np.exp(-1.6))
    # What the trees think hopeless is not looked at.
    hopeless = stump("log_area", 0.0, -9.0, -9.0)
    assert score(replace(hopeless, look=1.0)) == score(hopeless)


def test_company_lifts_a_mark_only_so_far(
    both: Both,
    spike_net: SpikeNet,
    speck_window: SpeckWindow,
    judged_by: Callable[[Judge], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("filmrestore_core.segment.classical.find_objects", lambda spikes: None)
    monkeypatch.setattr(verdict, "wariness", lambda columns: np.zeros(len(columns)))
    segmenter, window = both(spike_net(all_classes=True)), speck_window()
    certain = np.full(1, 9.0)
    monkeypatch.setattr(AsFirstSaid, "logit", lambda self, columns, names: certain)
    monkeypatch.setattr(AsFirstSaid, "lift", 3.5)

    def score(alone: float) -> float:
        judged_by(stump("log_area", 0.0, -9.0, alone))
        return float(segmenter.segment(window).scores[DIRT][40, 60])

    # Company says nine logits; of what is said of the mark alone it may change three and a half.
    assert score(-5.0) == pytest.approx(1 / (1 + np.exp(1.5)), abs=1e-6)
    assert score(-2.0) == pytest.approx(1 / (1 + np.exp(-1.5)), abs=1e-6)


def test_at_the_end_of_a_shot_the_other_judge_decides(
    both: Both,
    spike_net: SpikeNet,
    speck_window: SpeckWindow,
    judged_by: Callable[[Judge], list[str]],
) -> None:
    asked = judged_by(stump("log_area", 0.0, -9.0, 1.0))
    both(spike_net(all_classes=True)).segment(speck_window((1, 2)))
    assert asked == ["marks_one_side", "company_one_side"]


def test_motion_protection_counts_where_motion_is_not_trusted(
    both: Both,
    spike_net: SpikeNet,
    speck_window: SpeckWindow,
    judged_by: Callable[[Judge], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judged_by(stump("log_area", 0.0, -9.0, 1.0))
    net, window = spike_net(all_classes=True), speck_window()
    # The classical detector finds nothing, so that the judge alone speaks.
    monkeypatch.setattr("filmrestore_core.segment.classical.find_objects", lambda spikes: None)

    def highest(protection: float) -> float:
        return float(both(net, protection).segment(window).scores[DIRT].max())

    monkeypatch.setattr(verdict, "wariness", lambda columns: np.zeros(len(columns)))
    usual, sure = highest(0.5), highest(1.0)
    monkeypatch.setattr(
        combined, "trust_of", lambda window: np.zeros(window.center.box.shape, np.float32)
    )
    assert highest(0.5) == usual
    assert highest(1.0) == pytest.approx(1 / (1 + np.exp(-1.0 + 2.0)), abs=1e-6)
    assert highest(1.0) < sure <= usual


def test_a_line_in_the_gate_is_not_judged_again(
    both: Both,
    spike_net: SpikeNet,
    speck_window: SpeckWindow,
    judged_by: Callable[[Judge], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Trees that refuse every mark leave the lines that the classical detector is sure of."""
    judged_by(stump("log_area", 99.0, -9.0, 9.0))
    monkeypatch.setattr("filmrestore_core.segment.classical.find_objects", lambda spikes: None)
    monkeypatch.setattr("filmrestore_core.segment.classical.find_lines", lambda *window: ["a line"])
    monkeypatch.setattr(
        "filmrestore_core.segment.classical.draw_line",
        lambda line, plane: plane[:, 30:32].fill(0.8),
    )
    found = both(spike_net(all_classes=True)).segment(speck_window())
    assert np.all(found.scores[DamageClass.SCRATCH][:, 30:32] == np.float32(0.8))
    assert found.scores[DIRT].max() < 0.1


def test_with_one_neighbor_the_classical_detector_decides(
    both: Both, spike_net: SpikeNet, speck_window: SpeckWindow
) -> None:
    window = speck_window((1,))
    found = both(spike_net(all_classes=True)).segment(window)
    for name, plane in ClassicalSegmenter(DetectSettings()).segment(window).scores.items():
        assert np.array_equal(found.scores[name], plane)


def test_the_judges_know_the_scores_of_some_nets_only(spike_net: SpikeNet) -> None:
    assert CombinedSegmenter.fits(spike_net(all_classes=True, **FITTING).card)
    assert not CombinedSegmenter.fits(spike_net(**FITTING).card)
    assert not CombinedSegmenter.fits(spike_net(all_classes=True).card)
    assert not CombinedSegmenter.fits(spike_net(all_classes=True, **{JUDGE_KEY: 99.0}).card)


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


def test_answers_depend_on_the_bytes_of_both_nets() -> None:
    shelf = ModelStore()
    chosen = choose_segmenter(DetectSettings(), models=shelf, device=Device.CPU)
    assert chosen is not None
    assert chosen.identity["sha256"] == shelf.card("damage-unet").sha256
    assert chosen.identity["looks.sha256"] == shelf.card("mark-net").sha256


def test_answers_depend_on_the_bytes_of_the_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    def identities() -> list[dict[str, str]]:
        judge.judges_digest.cache_clear()
        chosen = [
            choose_segmenter(settings, models=ModelStore(), device=Device.CPU)
            for settings in (DetectSettings(), DetectSettings(detector=Detector.CLASSICAL))
        ]
        return [c.identity for c in chosen if c is not None]

    before = identities()
    monkeypatch.setattr(judge, "_content", lambda name: name.encode())
    after = identities()
    assert len(before) == len(after) == 2
    for old, new in zip(before, after, strict=True):
        assert {key for key in old if old[key] != new[key]} == {"judges.sha256"}
    judge.judges_digest.cache_clear()
