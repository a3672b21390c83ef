from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from filmrestore_core.errors import MissingExtraError, SettingsError
from filmrestore_core.learning.judge.candidates import Candidates, WindowFacts
from filmrestore_core.learning.judge.held_out import figures
from filmrestore_core.learning.judge.operating_point import (
    logit_at,
    unseen_logits,
    with_operating_point,
)
from filmrestore_core.learning.judge.trees import (
    TreeSettings,
    fit_judge,
    grown_area,
    judge_of,
    logits,
    write_judge,
)
from filmrestore_core.noise import generator
from filmrestore_core.segment import judge as reader
from filmrestore_core.segment.classical import COLUMNS

SMALL_TREES = TreeSettings(trees=12, leaves=6, rate=0.3, least=5, bins=16)


def _facts(series: str, *, damaged: bool) -> WindowFacts:
    return WindowFacts(series, series, 3, True, damaged, "none", 1, 0.01, 0, 100_000)


@pytest.fixture(scope="module")
def found() -> Candidates:
    """Damage has more "log_peak" and is less "alike"; six series, each clean and damaged."""
    draw = generator(8, "candidates")
    windows = tuple(_facts(f"s{i}", damaged=d) for i in range(6) for d in (False, True))
    window = np.repeat(np.arange(12), 60)
    label = np.where(window % 2 == 1, draw.integers(-1, 2, len(window)), 0).astype(np.int8)
    columns = draw.normal(0, 1, (len(window), len(COLUMNS)))
    columns[:, COLUMNS.index("log_peak")] += 2.0 * (label == 1)
    columns[:, COLUMNS.index("alike")] -= 1.5 * (label == 1)
    columns[::50, COLUMNS.index("texture")] = np.inf
    return Candidates(columns, label, draw.integers(3, 80, len(window)), window, windows)


def test_the_judge_says_what_the_library_says(found: Candidates) -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    used = found.label >= 0
    columns = np.nan_to_num(found.columns, posinf=1e6)
    model = HistGradientBoostingClassifier(
        max_iter=15, max_leaf_nodes=7, max_bins=16, early_stopping=False
    )
    with threadpool_limits(limits=1):
        wanted = model.fit(columns[used], found.label[used]).decision_function(columns)
    # Leaves are rounded to seven digits.
    np.testing.assert_allclose(judge_of(model, COLUMNS).logit(columns, COLUMNS), wanted, atol=1e-5)


def test_infinite_measurements_are_judged_as_they_were_learned(found: Candidates) -> None:
    judge = fit_judge(found, SMALL_TREES, seed=1)
    np.testing.assert_array_equal(logits(judge, found), judge.logit(found.columns, COLUMNS))


def test_what_speaks_for_damage_never_lowers_the_logit(found: Candidates) -> None:
    judge = fit_judge(found, SMALL_TREES, seed=1)
    before = judge.logit(found.columns, COLUMNS)
    for name, sign in (("log_peak", 1.0), ("alike", -1.0)):
        columns = found.columns.copy()
        columns[:, COLUMNS.index(name)] += 0.7
        change = sign * (judge.logit(columns, COLUMNS) - before)
        assert float(change.min()) >= 0.0
        assert float(change.max()) > 0.1


def test_the_reader_of_the_package_reads_what_was_written(
    found: Candidates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = replace(fit_judge(found, SMALL_TREES, seed=1), pivot=1.25, slope=0.5)
    write_judge(judge, "made in a test", tmp_path / "judge_made_in_a_test.json")
    monkeypatch.setattr(reader, "files", lambda package: tmp_path)
    held = reader.load_judge("made_in_a_test")
    assert (held.pivot, held.slope, held.depth) == (1.25, 0.5, judge.depth)
    np.testing.assert_array_equal(
        held.scores(found.columns, COLUMNS), judge.scores(found.columns, COLUMNS)
    )


def test_the_threshold_marks_no_more_than_allowed(found: Candidates) -> None:
    logit = generator(9).normal(0, 1, len(found.label))
    for ppm in (500.0, 2000.0, 9000.0):
        above = found.clean & (logit > logit_at(found, logit, ppm))
        wrong = grown_area(found.area[above]).sum() / found.clean_pixels * 1e6
        assert wrong <= ppm
        # One more mark, of at most 80 px, would be too many.
        assert wrong > ppm - grown_area(np.asarray([80]))[0] / found.clean_pixels * 1e6


def test_unseen_logits_come_from_trees_that_did_not_see_the_series(found: Candidates) -> None:
    unseen = unseen_logits(found, SMALL_TREES, seed=1)
    picture = found.series == "s2"
    # Other labels in a series change nothing of what is said about that series itself.
    label = np.where(picture & (found.label >= 0), 1 - found.label, found.label)
    swapped = replace(found, label=label.astype(np.int8))
    again = unseen_logits(swapped, SMALL_TREES, seed=1)
    np.testing.assert_array_equal(again[picture], unseen[picture])
    assert np.any(again[~picture] != unseen[~picture])


def test_one_series_is_not_enough(found: Candidates) -> None:
    with pytest.raises(SettingsError, match="one series"):
        unseen_logits(found.of(both_sides=True, series=["s1"]), SMALL_TREES, seed=1)


def test_without_damage_nothing_is_learned(found: Candidates) -> None:
    clean = replace(found, label=np.zeros_like(found.label))
    with pytest.raises(SettingsError, match="too few examples"):
        fit_judge(clean, SMALL_TREES, seed=1)


def test_the_operating_point_and_its_figures_agree(found: Candidates) -> None:
    judge = fit_judge(found, SMALL_TREES, seed=1)
    unseen = unseen_logits(found, SMALL_TREES, seed=1)
    judge = with_operating_point(judge, found, unseen)
    assert judge.slope >= 0.3
    said = figures(found, unseen, pivot=judge.pivot)
    # The pivot is rounded to a thousandth of a logit, which may let one mark more through.
    assert said["at_pivot"]["false_px_per_million"] <= 25 + 170 / found.clean_pixels * 1e6
    damage = found.label == 1
    assert said["at_pivot"]["recall"] == pytest.approx(
        float((unseen[damage] > judge.pivot).mean()), abs=1e-4
    )
    assert said["clean_megapixels"] == 0.6
    recalls = [said[f"at_{ppm}_ppm"]["recall"] for ppm in (15, 30, 50)]
    assert recalls == sorted(recalls)


def test_a_missing_library_is_said_in_a_sentence(
    found: Candidates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match=r"scikit-learn.*filmrestore\[train\]"):
        fit_judge(found, SMALL_TREES, seed=1)


def test_one_window_where_all_fails_does_not_decide_alone() -> None:
    """A huge false mark in one window counts as much as twenty times what is allowed there."""
    windows = tuple(_facts(f"s{i}", damaged=False) for i in range(100))
    area = np.asarray([10_000, *([36] * 99)])
    logit = np.asarray([9.0, *np.linspace(8, 0, 99)])
    found = Candidates(
        np.zeros((100, len(COLUMNS))),
        np.zeros(100, np.int8),
        area,
        np.arange(100),
        windows,
    )
    # 20 times 100 ppm of 0.1 MP are 200 px; each further mark takes (6 + 4)^2 = 100 px of the
    # 1000 px that 100 ppm of 10 MP allow: eight of them fit beside it.
    assert logit_at(found, logit, 100.0) == pytest.approx(np.linspace(8, 0, 99)[8])


def test_footage_of_which_frames_were_left_out_is_not_as_it_is() -> None:
    whole = _facts("a", damaged=False)
    assert whole.is_clean
    assert not replace(whole, stride=2).is_clean
