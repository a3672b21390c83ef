"""Several restorers on the same cases: scores, second passes, classes, tables."""

from __future__ import annotations

import json

import numpy as np
import pytest

from filmrestore_core.matte import DamageClass
from filmrestore_core.metrics.evaluate import (
    Contender,
    EvaluationCase,
    RestoredPicture,
    compare,
)
from filmrestore_core.metrics.measured import ClassPixels, SecondPass
from filmrestore_core.metrics.tables import cell, document_of, objects_table, rows_table

SHAPE = (40, 50, 1)


def made(group: str = "heavy") -> EvaluationCase:
    rng = np.random.default_rng(2)
    clean = [rng.uniform(0.3, 0.6, SHAPE).astype(np.float32) for _ in range(3)]
    damaged = [c.copy() for c in clean]
    truth = []
    for picture in damaged:
        dirt, hair = np.zeros(SHAPE[:2], bool), np.zeros(SHAPE[:2], bool)
        dirt[5:10, 5:10] = True
        hair[20, 10:40] = True
        picture[dirt | hair] = 0.0
        truth.append({DamageClass.DIRT: dirt, DamageClass.HAIR: hair})
    faint = [np.zeros(SHAPE[:2], bool) for _ in clean]
    return EvaluationCase("one", damaged, clean, truth, faint, group=group)


def dirt_only(case: EvaluationCase) -> list[RestoredPicture]:
    pictures = []
    for d, c, t in zip(case.damaged, case.clean, case.truth, strict=True):
        coverage = t[DamageClass.DIRT].astype(np.float32)
        pictures.append(RestoredPicture(np.where(coverage[..., None] > 0, c, d), coverage))
    return pictures


def fading(case: EvaluationCase) -> list[RestoredPicture]:
    """Darkens one pixel by a tenth each time it runs."""
    pictures = []
    for d in case.damaged:
        out = d.copy()
        out[0, 0] *= 0.9
        pictures.append(RestoredPicture(out, np.zeros(SHAPE[:2], np.float32)))
    return pictures


def test_recall_is_told_by_class() -> None:
    found = compare([made()], {"a": Contender(dirt_only)}, temporal=False)["a"].total
    assert found.class_pixels[DamageClass.DIRT].recall == 1
    assert found.class_pixels[DamageClass.HAIR].recall == 0
    assert found.row()["by_class"] == pytest.approx(0.5)
    assert found.row()["recall"] == pytest.approx(25 / 55)
    lines = "\n".join(objects_table(found))
    assert "| dirt | 3 of 3 | 1.000 |" in lines
    assert "| hair | 0 of 3 | 0.000 |" in lines
    assert document_of(found)["class_pixels"]["dirt"] == [75, 75]


def test_a_second_pass_shows_what_does_not_settle() -> None:
    rivals = {"steady": Contender(dirt_only), "fading": Contender(fading)}
    found = compare([made()], rivals, temporal=False, twice=lambda case: True)
    assert found["steady"].total.row()["again_px"] == 0
    assert found["steady"].total.row()["again_change"] is None
    row = found["fading"].total.row()
    assert row["again_px"] == pytest.approx(1e6 / (40 * 50))
    expected = np.mean([0.9 * c[0, 0, 0] * 0.1 for c in made().clean])
    assert row["again_change"] == pytest.approx(expected, rel=1e-5)


def test_only_those_who_find_damage_are_asked_twice_and_only_where_wanted() -> None:
    calls: list[str] = []

    def counted(name: str) -> Contender:
        def restore(case: EvaluationCase) -> list[RestoredPicture]:
            calls.append(name)
            return dirt_only(case)

        return Contender(restore, finds=name == "finder")

    cases = [made("heavy"), made("rain")]
    rivals = {name: counted(name) for name in ("finder", "told")}
    compare(cases, rivals, temporal=False, twice=lambda case: case.group == "heavy")
    assert calls.count("finder") == 3
    assert calls.count("told") == 2


def test_scores_come_apart_from_restoring_and_may_leave_frames_out() -> None:
    def score(case: EvaluationCase) -> list[np.ndarray | None]:
        return [None, case.truth[1][DamageClass.HAIR].astype(np.float32), None]

    found = compare([made()], {"a": Contender(dirt_only, score)}, temporal=False)["a"].total
    assert found.scores is not None
    assert int(found.scores.damage.sum()) == 55
    # Thirty of 55 pixels at full precision.
    assert found.row()["ap"] == pytest.approx(30 / 55)


def test_all_see_the_same_cases_and_are_told_of() -> None:
    seen = []
    rivals = {"a": Contender(dirt_only), "b": Contender(fading)}
    compare([made()], rivals, temporal=False, done=lambda case, name, m: seen.append((case, name)))
    assert seen == [("one", "a"), ("one", "b")]


def test_tables_leave_empty_what_was_not_measured() -> None:
    found = compare([made()], {"a": Contender(fading)}, temporal=False)["a"].total
    lines = rows_table("who", {"a": found}, ["f1", "flicker", "again_px"], frames=False)
    assert lines == [
        "| who | f1 | flicker | again_px |",
        "|---|---|---|---|",
        "| a | 0.000 | - | - |",
    ]
    assert cell("false_px", 12.4) == "12"
    assert json.loads(json.dumps(document_of(found)))["precision"] is None


def test_sums_of_classes_and_second_passes_add_up() -> None:
    assert (ClassPixels(1, 4) + ClassPixels(2, 4)).recall == pytest.approx(3 / 8)
    both = SecondPass(1, 0.5, 100) + SecondPass(3, 0.1, 100)
    assert both.per_million == pytest.approx(20000)
    assert both.mean_change == pytest.approx(0.15)
