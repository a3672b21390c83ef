import numpy as np
import pytest

from filmrestore_core.metrics.curves import ScoreCounts


def counted(score, truth, **how):
    counts = ScoreCounts()
    counts.add(np.asarray(score, np.float32), np.asarray(truth, bool), rim=0, **how)
    return counts


def test_a_perfect_score_has_an_average_precision_of_one():
    truth = np.zeros((20, 20), bool)
    truth[3:7, 4:9] = True
    assert counted(np.where(truth, 0.9, 0.1), truth).average_precision() == pytest.approx(1)


def test_average_precision_by_hand():
    # Scores 0.9 right, 0.8 wrong, 0.6 right, 0.4 wrong: 1/2 * 1 + 1/2 * 2/3.
    counts = counted([[0.9, 0.8, 0.6, 0.4]], [[1, 0, 1, 0]])
    assert counts.average_precision() == pytest.approx(0.5 + 1 / 3)


def test_a_score_of_zero_finds_nothing():
    counts = counted(np.zeros((4, 4)), np.ones((4, 4)))
    assert counts.average_precision() == 0


def test_curve_at_a_threshold():
    counts = counted([[0.9, 0.8, 0.6, 0.4]], [[1, 0, 1, 0]])
    thresholds, precision, recall = counts.curve()
    at = np.searchsorted(thresholds, 0.5)
    assert precision[at] == pytest.approx(2 / 3)
    assert recall[at] == 1
    assert counts.false_per_million()[at] == pytest.approx(0.5e6)
    assert np.all(np.diff(recall) <= 0)


def test_rim_and_faint_damage_count_nowhere():
    truth = np.zeros((20, 20), bool)
    truth[10, 10] = True
    faint = np.zeros((20, 20), bool)
    faint[2, 2] = True
    counts = ScoreCounts()
    counts.add(np.ones((20, 20), np.float32), truth, ignored=faint, rim=1)
    assert counts.damage.sum() == 1
    assert counts.picture.sum() == 400 - 5 - 5


def test_merge_adds():
    a = counted([[0.9, 0.1]], [[1, 0]])
    b = counted([[0.2, 0.3]], [[1, 0]])
    a.merge(b)
    assert a.damage.sum() == 2
    assert a.picture.sum() == 2
    assert np.isnan(ScoreCounts().average_precision())
