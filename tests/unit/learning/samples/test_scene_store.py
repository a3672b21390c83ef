from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from filmrestore_core.errors import SettingsError
from filmrestore_core.learning.samples.scene import CENTER, CLEAN, PLANE_COUNT, TARGET
from filmrestore_core.learning.samples.store import ScenePlan, SceneStore
from filmrestore_core.learning.training.batches import SEEN


def test_what_is_lacking_is_made_again_with_the_same_bytes(
    plan: ScenePlan, scene_root: Path, tmp_path: Path
) -> None:
    whole = SceneStore(scene_root / "train")
    store = SceneStore(tmp_path)
    (tmp_path / "plan.json").write_text((scene_root / "train" / "plan.json").read_text())
    for file in (scene_root / "train").glob("00000[023].*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    # A stop between planes and facts: what has no facts is not there.
    (tmp_path / "000003.json").unlink()
    (tmp_path / "000003.npy").write_bytes(b"torn")
    assert [store.has(i) for i in range(4)] == [True, False, True, False]
    said: list[tuple[int, int]] = []
    store.make(plan, workers=1, done=lambda at, of: said.append((at, of)))
    assert said == [(3, 4), (4, 4)]
    assert len(store) == 4
    for index in range(4):
        assert np.array_equal(store.planes(index), whole.planes(index))
        assert store.facts(index) == whole.facts(index)
    assert not list(tmp_path.glob("*.partial"))
    store.make(plan, workers=1, done=lambda at, of: said.append((at, of)))
    assert len(said) == 2


@pytest.mark.parametrize("change", [{"seed": 12}, {"validation": True}, {"apart": ("river",)}])
def test_scenes_of_another_plan_are_refused(
    plan: ScenePlan, scene_root: Path, change: dict[str, object]
) -> None:
    with pytest.raises(SettingsError, match="holds scenes of another plan"):
        SceneStore(scene_root / "train").make(replace(plan, **change), workers=1)  # type: ignore[arg-type]


def test_more_scenes_of_the_same_plan_are_welcome(plan: ScenePlan, scene_root: Path) -> None:
    SceneStore(scene_root / "train").make(replace(plan, count=3), workers=1)


@pytest.mark.slow
def test_processes_change_nothing(plan: ScenePlan, scene_root: Path, tmp_path: Path) -> None:
    store = SceneStore(tmp_path)
    store.make(plan, workers=2)
    whole = SceneStore(scene_root / "train")
    for index in range(plan.count):
        assert np.array_equal(store.planes(index), whole.planes(index))


def test_parts_are_the_same_from_memory(scene_root: Path, store: SceneStore) -> None:
    held = SceneStore(scene_root / "train")
    held.hold(2, SEEN)
    for index in (1, 3):  # one in memory, one on disk
        part, read = held.part(index, 40, 96, 64), store.part(index, 40, 96, 64)
        assert part.shape == (PLANE_COUNT, 64, 64)
        assert np.array_equal(part[list(SEEN)], read[list(SEEN)])
        assert np.array_equal(read, store.planes(index)[:, 40:104, 96:160])
        assert held.facts(index) == store.facts(index)
    assert TARGET in SEEN
    assert set(range(CENTER.start, CENTER.stop)) <= set(SEEN)
    assert CLEAN.start not in SEEN
    assert not held.part(1, 0, 0, 64)[CLEAN].any()
