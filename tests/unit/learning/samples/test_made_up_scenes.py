from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from filmrestore_core.errors import SettingsError
from filmrestore_core.learning.samples.damage import draw_damage
from filmrestore_core.learning.samples.filmed_window import film_window
from filmrestore_core.learning.samples.scene import (
    ALIGNED,
    CENTER,
    CLEAN,
    FAINT_WEIGHT,
    HEIGHT,
    PLANE_COUNT,
    RAW,
    TARGET,
    VALIDITY,
    WEIGHT,
    WIDTH,
    Scene,
    make_scene,
)
from filmrestore_core.learning.samples.sources import FRAMES, find_sources
from filmrestore_core.learning.samples.store import SceneStore
from filmrestore_core.matte import DETECTED_CLASSES
from filmrestore_core.noise import generator
from filmrestore_core.segment.planes import OFFSETS
from filmrestore_core.synth.film import VISIBLE
from filmrestore_core.synth.recipe import RecipeSettings
from filmrestore_core.synth.shapes import ProceduralShapes

# Of the scenes to learn from in a store whose plan has seed 11.
SEED = 22


def _scene(data: Path, *, seed: int = SEED, index: int = 0) -> Scene:
    sources = find_sources(data, ("tower",), validation=False)
    return make_scene(sources, ProceduralShapes(), seed=seed, index=index)


def test_a_scene_depends_on_seed_and_index_only(data_folder: Path, store: SceneStore) -> None:
    again = _scene(data_folder)
    assert np.array_equal(again.planes, store.planes(0))
    assert again.facts == store.facts(0)
    assert again.planes.shape == (PLANE_COUNT, HEIGHT, WIDTH)
    assert again.planes.dtype == np.uint8
    for other in (_scene(data_folder, seed=23).planes, store.planes(1)):
        assert np.mean(other[CENTER] != again.planes[CENTER]) > 0.5


def test_the_truth_names_what_damage_changed(store: SceneStore) -> None:
    damaged, undamaged = 0, 0
    for index in range(4):
        planes = np.array(store.planes(index)).astype(np.int32)
        facts = store.facts(index)
        target, weight = planes[TARGET], planes[WEIGHT]
        assert facts["damaged"] == bool((target > 0).any())
        assert set(np.unique(target)) <= {0, *(c.label for c in DETECTED_CLASSES)}
        # 0: of no class that is taught; faint; 255: counts fully.
        assert set(np.unique(weight)) <= {0, FAINT_WEIGHT, 255}
        assert np.all(weight[target > 0] == 255)
        change = np.abs(planes[CENTER] - planes[CLEAN]).max(axis=0)
        damaged += int(np.count_nonzero(target))
        undamaged += not target.any()
        if facts["damaged"]:
            # A lossy copy after the damage moves samples by some codes either way: most, not all,
            # of the marked pixels show the whole change.
            seen = 255 * max(VISIBLE, 2 * facts["grain"])
            assert np.median(change[target > 0]) > 0.9 * seen
            assert np.median(change[target == 0]) < np.median(change[target > 0]) / 2
    assert damaged > 100
    assert undamaged


def test_neighbours_that_are_not_there_are_empty(store: SceneStore) -> None:
    windows = set()
    for index in range(4):
        planes, facts = store.planes(index), store.facts(index)
        windows.add(tuple(facts["offsets"]))
        for slot, offset in enumerate(OFFSETS):
            there = offset in facts["offsets"]
            first = ALIGNED.start + 3 * slot
            assert planes[first : first + 3].any() == there
            assert planes[VALIDITY.start + slot].any() == there
        for plane, offset in ((RAW.start, -1), (RAW.start + 1, 1)):
            assert planes[plane].any() == (offset in facts["offsets"])
    assert len(windows) > 1


def test_what_is_kept_apart_is_on_one_side_only(data_folder: Path) -> None:
    learned = find_sources(data_folder, ("tower",), validation=False)
    measured = find_sources(data_folder, ("tower",), validation=True)
    assert [c.name for c in learned.clips] == ["meadow", "river"]
    assert [c.name for c in measured.clips] == ["tower"]
    assert not set(learned.stills) & set(measured.stills)
    assert len(learned.stills) + len(measured.stills) == 2
    # Without a list some clips are kept apart all the same.
    sides = [find_sources(data_folder, (), validation=v).clips for v in (False, True)]
    assert [[c.name for c in side] for side in sides] == [["river", "tower"], ["meadow"]]
    with pytest.raises(SettingsError, match="no clip to validate"):
        find_sources(data_folder, ("nowhere",), validation=True)
    with pytest.raises(SettingsError, match="no clip to learn"):
        find_sources(data_folder, ("meadow", "river", "tower"), validation=False)


def test_pictures_are_consecutive_and_of_the_asked_size(data_folder: Path) -> None:
    sources = find_sources(data_folder, ("tower",), validation=False)
    names = set()
    for chance in range(8):
        name, pictures = sources.draw(generator(chance), 96, 128)
        names.add(name)
        assert len(pictures) == FRAMES
        for picture in pictures:
            assert picture.shape == (96, 128, 3)
            assert picture.dtype == np.float32
            assert 0 <= picture.min() <= picture.max() <= 1
    # Clips and the photograph are drawn from.
    assert len(names) > 1


def test_damage_is_drawn_at_random_and_sometimes_none() -> None:
    drawn = [draw_damage(generator(i), 384, 512) for i in range(80)]
    none = sum(d.recipe == RecipeSettings() for d in drawn)
    assert 2 <= none <= 24  # 12 % of 80 is 10; five deviations of a binomial either way
    assert len({d.frame.um_per_px for d in drawn}) == 80
    assert all(5 <= d.frame.um_per_px <= 30 for d in drawn)


def test_fine_damage_is_smaller_and_leaves_the_rest_as_it_was() -> None:
    def areas(fine: bool) -> list[float]:
        found = []
        for i in range(200):
            drawn = draw_damage(generator(3, i), HEIGHT, WIDTH, fine=fine)
            specks, um = drawn.recipe.dirt, drawn.frame.um_per_px
            if specks.per_frame:
                found.append(specks.area / um**2)
        return found

    coarse, fine = areas(False), areas(True)
    assert max(fine) <= 20
    assert min(fine) >= 3
    assert np.median(fine) < np.median(coarse) / 2


def test_plain_windows_show_footage_as_it_is(data_folder: Path) -> None:
    sources = find_sources(data_folder, ("tower",), validation=False)
    clips = {clip.name for clip in sources.clips}
    for index in range(6):
        made = film_window(sources, ProceduralShapes(), seed=5, index=index, plain=True)
        assert made.facts["source"] in clips
        assert made.facts["negative"] == "none"
        assert made.facts["grain"] <= 0.025
        assert len(made.offsets) == 4
