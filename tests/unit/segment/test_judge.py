"""The judge: trees that come with the package."""

from __future__ import annotations

import json
from hashlib import sha256
from importlib.resources import files

import numpy as np
import pytest

from filmrestore_core.segment.classical import COLUMNS
from filmrestore_core.segment.judge import Judge, load_judge


def small() -> Judge:
    """One tree: a <= 1 ? -2 : (b <= 0 ? 0.5 : 3)."""
    return Judge(
        features=("a", "b"),
        base=0.25,
        pivot=1.0,
        slope=2.0,
        roots=np.asarray([0]),
        feature=np.asarray([0, -1, 1, -1, -1]),
        threshold=np.asarray([1.0, 0, 0.0, 0, 0]),
        left=np.asarray([1, 0, 3, 0, 0]),
        right=np.asarray([2, 0, 4, 0, 0]),
        value=np.asarray([0, -2.0, 0, 0.5, 3.0]),
        depth=2,
    )


def test_a_tree_is_walked_to_its_leaf() -> None:
    rows = np.asarray([[9.0, 1.0, 0.0], [-1.0, 2.0, 0.0], [0.1, 1.5, 0.0]])
    logit = small().logit(rows, ("b", "a", "unused"))
    np.testing.assert_allclose(logit, [-1.75, 0.75, 3.25])


def test_the_pivot_scores_one_half_and_doubt_lowers() -> None:
    judge = small()
    row = np.asarray([[2.0, 1.0]])
    margin = (3.25 - 1.0) / 2.0
    np.testing.assert_allclose(judge.scores(row, ("a", "b")), 1 / (1 + np.exp(-margin)))
    np.testing.assert_allclose(judge.scores(row, ("a", "b"), doubt=2.25), 0.5)


def test_missing_measurements_are_refused() -> None:
    with pytest.raises(ValueError, match="lack"):
        small().logit(np.zeros((1, 1)), ("a",))


@pytest.mark.parametrize("name", ["both_sides", "one_side"])
def test_the_packaged_judges_fit_what_is_measured(name: str) -> None:
    judge = load_judge(name)
    assert set(judge.features) <= set(COLUMNS)
    rows = np.random.default_rng(1).uniform(0, 3, (200, len(COLUMNS)))
    scores = judge.scores(rows, COLUMNS)
    assert ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.parametrize("name", ["both_sides", "one_side"])
def test_to_be_seen_elsewhere_never_helps(name: str) -> None:
    judge = load_judge(name)
    rows = np.random.default_rng(2).uniform(0, 3, (300, len(COLUMNS)))
    for column in ("seen_max", "seen_min"):
        index = COLUMNS.index(column)
        low, high = rows.copy(), rows.copy()
        low[:, index], high[:, index] = 0.0, 1.0
        assert (judge.logit(low, COLUMNS) >= judge.logit(high, COLUMNS) - 1e-9).all()


@pytest.mark.parametrize(("card", "judges"), [("judge_card.json", 2), ("judge_marks_card.json", 4)])
def test_the_shipped_judges_are_those_of_their_cards(card: str, judges: int) -> None:
    folder = files("filmrestore_core.segment")
    said = json.loads(folder.joinpath(card).read_text("utf-8"))["sha256"]
    assert len(said) == judges
    for name, digest in said.items():
        assert sha256(folder.joinpath(name).read_bytes()).hexdigest() == digest
