"""Marks of made-up windows, and the judges that are fitted to them."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("torch")

from filmrestore_core.cli.main import run
from filmrestore_core.learning.judge.candidates import DAMAGE, PICTURE, Candidates, WindowFacts
from filmrestore_core.learning.marks.crop_shelf import CropShelf
from filmrestore_core.learning.marks.examples import (
    MarkPlan,
    WindowMarks,
    mark_examples,
    window_marks,
)
from filmrestore_core.learning.samples.filmed_window import film_window
from filmrestore_core.learning.samples.sources import find_sources
from filmrestore_core.models.store import BUILTIN, ModelStore
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.shared import shared_session
from filmrestore_core.segment.company import VERDICT_COLUMNS
from filmrestore_core.segment.exported_net import ExportedSegmenter
from filmrestore_core.segment.mark_measure import MARK_COLUMNS
from filmrestore_core.settings import DetectSettings
from filmrestore_core.synth.shapes import ProceduralShapes

SIDES = ("both_sides", "one_side")


def shipped() -> Path:
    """The built-in detector's file."""
    card = ModelStore().card("damage-unet")
    return BUILTIN / card.file


@pytest.fixture(scope="module")
def seen(data_folder: Path) -> WindowMarks:
    session = shared_session(ModelStore(), "damage-unet", Device.CPU)
    sources = find_sources(data_folder, ("tower",), validation=False)
    made = next(
        window
        for index in range(30)
        for window in [film_window(sources, ProceduralShapes(), seed=40, index=index, fine=True)]
        if window.facts["negative"] == "none" and len(window.offsets) == 4 and window.strength
    )
    facts = WindowFacts("a", "a", 0, True, True, "none", 1, 0.0, 0, 1)
    return window_marks(made, ExportedSegmenter(session, DetectSettings()), facts, one_side=1)


@pytest.fixture(scope="module")
def found(seen: WindowMarks) -> Candidates:
    return seen.marks


def test_a_window_is_looked_at_damaged_and_undamaged_from_both_sides_and_one(
    found: Candidates,
) -> None:
    looked = [(w.both_sides, w.damaged) for w in found.windows]
    assert looked == [(True, True), (False, True), (True, False), (False, False)]
    assert found.names == MARK_COLUMNS
    assert found.columns.shape == (len(found.label), len(MARK_COLUMNS))
    assert np.isfinite(found.columns).all()


def test_damage_is_where_it_was_made(found: Candidates) -> None:
    damaged = np.asarray([w.damaged for w in found.windows])[found.window]
    assert np.any(found.label[damaged] == DAMAGE)
    assert np.all(found.label[~damaged] == PICTURE)
    # What was made stands out more than what was not.
    raised = found.columns[:, MARK_COLUMNS.index("raised")]
    assert raised[found.label == DAMAGE].mean() > raised[found.label == PICTURE].mean()


def test_damage_and_the_surest_picture_have_crops(seen: WindowMarks, tmp_path: Path) -> None:
    label, peak = seen.marks.label, seen.marks.columns[:, MARK_COLUMNS.index("net_max")]
    shown = np.isin(np.arange(len(label)), seen.shown)
    assert len(np.unique(seen.shown)) == len(seen.shown) == len(seen.crops)
    assert np.any(label[shown] == DAMAGE)
    assert np.any(label[shown] == PICTURE)
    for look in range(len(seen.marks.windows)):
        of_look = (seen.marks.window == look) & (label == PICTURE)
        if np.any(of_look & ~shown):
            assert peak[of_look & ~shown].max() <= peak[of_look & shown].min()
    # Kept and read again they lie as far apart as a byte's steps.
    path = tmp_path / "00000.npz"
    CropShelf.keep(path, seen.crops, seen.shown)
    shelf = CropShelf.of([path], [len(label)])
    np.testing.assert_array_equal(shelf.mark, seen.shown)
    again = shelf.take(np.arange(len(seen.shown))[::-1])
    np.testing.assert_allclose(again, seen.crops[::-1], atol=0.5 / 127 + 1e-6)


@pytest.mark.slow
def test_the_command_gives_the_same_judges_twice(
    data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("net: {net: unet}\nscenes: {apart: [tower]}\n")
    looks = tmp_path / "looks.yaml"
    looks.write_text(
        "net: {net: mark-net, widths: [8, 8, 8]}\nsteps: 12\nbatch: 8\ncrop: 48\nevery: 6\n"
    )
    outs = tmp_path / "one", tmp_path / "two"
    for out, more in zip(outs, ((), ("--workers", "2")), strict=True):
        code = run(
            [
                *("train", "marks", str(shipped()), str(looks), "--config", str(config)),
                *(
                    "--data",
                    str(data_folder),
                    "--out",
                    str(out),
                    "--windows",
                    "14",
                    "--threads",
                    "1",
                    *more,
                ),
            ]
        )
        assert code == 0
    judges = [f"judge_{k}_{side}.json" for side in SIDES for k in ("marks", "company")]
    names = (*judges, "judge_marks_card.json", "look/best.safetensors")
    for name in names:
        assert (outs[0] / name).read_bytes() == (outs[1] / name).read_bytes()
    card = json.loads((outs[0] / "judge_marks_card.json").read_text())
    assert set(card["sha256"]) == set(judges)
    for name in judges:
        assert card["sha256"][name] == sha256((outs[0] / name).read_bytes()).hexdigest()
        judge = json.loads((outs[0] / name).read_text())
        alone = "marks" in name
        assert set(judge["features"]) == set(MARK_COLUMNS if alone else VERDICT_COLUMNS)
        assert ("look" in judge) == alone
    assert set(json.loads(capsys.readouterr().out.split("}\n}\n")[0] + "}\n}")) == {
        "both_sides",
        "one_side",
    }
    # What is there is read, not made again; another seed makes others.
    plan = MarkPlan(data_folder, shipped(), ("tower",), 2, 7)
    first, _ = mark_examples(plan, outs[0] / "marks")
    other, _ = mark_examples(MarkPlan(data_folder, shipped(), ("tower",), 2, 8), tmp_path / "other")
    assert first.columns.shape != other.columns.shape or not np.array_equal(
        first.columns, other.columns
    )
