"""Teaching a net to tell damage from picture by crops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

from filmrestore_core.learning.judge.candidates import (
    DAMAGE,
    NEITHER,
    PICTURE,
    Candidates,
    WindowFacts,
)
from filmrestore_core.learning.marks import mark_trainer
from filmrestore_core.learning.marks.crop_shelf import CropShelf
from filmrestore_core.learning.marks.looks import (
    Examples,
    train_look,
    unseen_looks,
    with_looks,
    without_looks,
)
from filmrestore_core.learning.marks.mark_trainer import MarkTrainer
from filmrestore_core.learning.training.config import TrainingConfig
from filmrestore_core.segment.mark_crops import CROP_PLANES, SIDE

WINDOWS, EACH = 4, 12


def config(steps: int) -> TrainingConfig:
    return TrainingConfig(
        net={"net": "mark-net", "widths": [4, 4, 4], "hidden": 4},
        steps=steps,
        batch=8,
        crop=48,
        warm_up=2,
        rate=0.01,
        average=0.8,
        every=steps,
        save_every=5,
    )


def made(folder: Path, seed: int) -> Examples:
    """Damage is bright in the middle of the frame; picture is bright in a neighbour too."""
    folder.mkdir()
    rng = np.random.default_rng(seed)
    label = np.tile([DAMAGE, PICTURE, NEITHER], WINDOWS * EACH // 3).astype(np.int8)
    paths, windows = [], []
    for window in range(WINDOWS):
        crops = rng.normal(0, 0.1, (EACH, 2 * len(CROP_PLANES), SIDE, SIDE)).astype(np.float32)
        for crop, kind in zip(crops, label[window * EACH :], strict=False):
            seen_in = ["center"] if kind == DAMAGE else ["center", "t-1", "t+1"]
            for name in seen_in:
                crop[CROP_PLANES.index(name), 20:28, 20:28] += 0.7
        paths.append(folder / f"{window:05d}.npz")
        CropShelf.keep(paths[-1], np.clip(crops, -1, 1), np.arange(EACH))
        name = f"clip {window}"
        windows.append(WindowFacts(name, name, window, True, True, "none", 1, 0.01, 0, SIDE * SIDE))
    marks = Candidates(
        np.zeros((WINDOWS * EACH, 1)),
        label,
        np.full(len(label), 64),
        np.repeat(np.arange(WINDOWS), EACH),
        tuple(windows),
        ("a",),
    )
    return Examples(marks, CropShelf.of(paths, [EACH] * WINDOWS))


def test_it_learns_what_neighbors_show(tmp_path: Path) -> None:
    known, other = made(tmp_path / "known", 1), made(tmp_path / "other", 2)
    figures = train_look(
        known, other, config(60), tmp_path / "out", threads=1, tell=lambda progress: None
    )
    assert figures is not None
    # A guess has log 0.5 = -0.69; NEITHER counts nowhere.
    assert figures["likelihood"] > -0.5
    assert figures["right"] > 0.95
    assert figures["damage"] == figures["picture"] == WINDOWS * EACH // 3


def test_each_mark_is_judged_by_a_net_that_saw_none_of_its_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = made(tmp_path / "known", 1)
    taught: list[set[str]] = []
    plain = MarkTrainer.__init__

    def noted(self: MarkTrainer, *args: object, **more: object) -> None:
        plain(self, *args, **more)  # type: ignore[arg-type]
        taught.append(set(known.marks.series[known.crops.mark[args[3]]]))  # type: ignore[index]

    monkeypatch.setattr(mark_trainer.MarkTrainer, "__init__", noted)
    pytest.importorskip("sklearn")
    found = unseen_looks(known, config(4), tmp_path / "out", threads=1, tell=lambda progress: None)
    assert len(taught) == 2
    assert not taught[0] & taught[1]
    assert taught[0] | taught[1] == {f"clip {i}" for i in range(WINDOWS)}
    assert np.isfinite(found).all()


def test_a_training_that_was_stopped_ends_as_one_that_was_not(tmp_path: Path) -> None:
    known = made(tmp_path / "known", 1)
    every = np.arange(WINDOWS * EACH)

    def trainer(name: str) -> MarkTrainer:
        out = tmp_path / name
        return MarkTrainer(config(12), known.marks, known.crops, every, every, out, threads=1)

    trainer("whole").run()
    left = iter(range(5))
    trainer("stopped").run(should_stop=lambda: next(left, None) is None)
    assert trainer("stopped").step == 6
    trainer("stopped").run()
    one, two = (tmp_path / name / "last.safetensors" for name in ("whole", "stopped"))
    assert one.read_bytes() == two.read_bytes()


def test_looks_travel_with_their_marks(tmp_path: Path) -> None:
    marks = made(tmp_path / "known", 1).marks
    look = np.linspace(-1, 1, len(marks.label))
    look[:3] = np.nan
    both = with_looks(marks, look)
    # Damage nobody looked at counts as neither; picture stays, and its look says nothing.
    assert both.label[:3].tolist() == [NEITHER, PICTURE, NEITHER]
    some, column = without_looks(both.of(both_sides=True, series=["clip 1"]))
    np.testing.assert_array_equal(column, look[EACH : 2 * EACH])
    assert some.names == marks.names
    assert without_looks(both)[1][1] == 0.0
