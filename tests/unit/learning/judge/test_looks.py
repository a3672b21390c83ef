"""Conditions, distractors and damage, and the candidates they give."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from filmrestore_core.learning.judge.candidates import DAMAGE, Candidates, together
from filmrestore_core.learning.judge.clips import TrainingClip, find_clips
from filmrestore_core.learning.judge.conditions import (
    Conditions,
    draw_conditions,
    filmed,
    grained,
    stored,
)
from filmrestore_core.learning.judge.distractors import Distractor, add_distractor
from filmrestore_core.learning.judge.specks import speckled
from filmrestore_core.learning.judge.windows import look_candidates
from filmrestore_core.noise import generator
from filmrestore_core.segment.classical import COLUMNS
from filmrestore_core.synth.shapes import ProceduralShapes
from filmrestore_core.testing.scenes import moving_scene

GREY = np.full((120, 160, 3), 0.5, np.float32)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> TrainingClip:
    folder = tmp_path_factory.mktemp("clips")
    (folder / "wall").mkdir()
    scene = moving_scene(range(7), height=120, width=160, channels=3, grain=0.004, seed=4)
    for number, picture in scene.clean.items():
        codes = np.round(picture * 255).astype(np.uint8)
        cv2.imwrite(str(folder / "wall" / f"{number}.png"), codes)
    return find_clips(folder)[0]


@pytest.fixture(scope="module")
def looks(clip: TrainingClip) -> list[Candidates]:
    return [look_candidates(clip, i, ProceduralShapes(), seed=5) for i in range(3)]


@pytest.mark.parametrize("wanted", [0.01, 0.04])
@pytest.mark.parametrize("blur", [0.4, 0.9])
def test_grain_has_the_strength_asked_for(wanted: float, blur: float) -> None:
    made = grained(GREY, Conditions(grain=wanted, grain_blur=blur), generator(1))
    # The sample's own deviation varies by about 1 % for so many independent values.
    assert float(np.std(made, axis=(0, 1)).mean()) == pytest.approx(wanted, rel=0.1)


def test_plain_conditions_change_nothing_but_grain_and_color() -> None:
    for number in range(20):
        plain = draw_conditions(generator(number), plain=True)
        kept = replace(plain, grain=0.0, grain_blur=0.6, monochrome=False)
        assert kept == Conditions()
    drawn = {draw_conditions(generator(number), plain=False) for number in range(20)}
    assert len({c.stride for c in drawn}) > 1
    assert any(c.jpeg for c in drawn)


def test_conditions_do_what_they_say() -> None:
    ramp = np.repeat(np.linspace(0, 1, 160, dtype=np.float32)[None, :, None], 120, 0)
    ramp = np.repeat(ramp, 3, 2)
    np.testing.assert_array_equal(filmed(ramp, Conditions(), generator(1)), ramp)
    np.testing.assert_allclose(
        filmed(ramp, Conditions(gamma=1.5), generator(1)), ramp**1.5, atol=1e-6
    )
    assert filmed(ramp, Conditions(monochrome=True), generator(1)).shape == (120, 160, 1)
    moved = filmed(ramp, Conditions(weave=2.0), generator(1))
    assert np.abs(moved - ramp)[:, 20:-20].max() > 1e-3
    lossy = stored(grained(GREY, Conditions(grain=0.03), generator(1)), Conditions(jpeg=50))
    # An 8-bit copy has 8-bit values.
    np.testing.assert_allclose(lossy * 255, np.round(lossy * 255), atol=1e-3)


def test_movers_move_and_rain_is_new_on_each_frame() -> None:
    frames = [GREY] * 5
    assert add_distractor(Distractor.NONE, frames, generator(1)) == frames
    for kind in (Distractor.MOVERS, Distractor.RAIN):
        made = add_distractor(kind, frames, generator(2))
        again = add_distractor(kind, frames, generator(2))
        for one, other in zip(made, again, strict=True):
            np.testing.assert_array_equal(one, other)
        touched = [np.abs(m - GREY).max(axis=2) > 0.05 for m in made]
        assert touched[2].any()
        assert (touched[1] != touched[2]).any()
        assert all(float(m.min()) >= 0.0 and float(m.max()) <= 1.0 for m in made)
    assert float(np.ptp(GREY)) == 0.0


def test_damage_changes_only_what_it_says() -> None:
    made, change = speckled(GREY, ProceduralShapes(), 20 / GREY[..., 0].size, generator(3))
    np.testing.assert_array_equal(made[change == 0], GREY[change == 0])
    assert 0.001 < float((change > 0.04).mean()) < 0.4
    assert (made > 0.55).any()
    assert (made < 0.45).any()


def test_a_look_gives_clean_and_damaged_windows_to_both_sides_and_to_one(
    looks: list[Candidates],
) -> None:
    for found in looks:
        kinds = {(w.both_sides, w.damaged) for w in found.windows}
        assert kinds == {(True, True), (True, False), (False, True), (False, False)}
        assert found.columns.shape == (len(found.label), len(COLUMNS))
        clean = np.asarray([not w.damaged for w in found.windows])[found.window]
        assert not np.any(found.label[clean] == DAMAGE)
    assert np.count_nonzero(together(looks).label == DAMAGE) > 5


def test_a_look_is_the_same_alone(clip: TrainingClip, looks: list[Candidates]) -> None:
    again = look_candidates(clip, 1, ProceduralShapes(), seed=5)
    np.testing.assert_array_equal(again.columns, looks[1].columns)
    np.testing.assert_array_equal(again.label, looks[1].label)
    assert again.windows == looks[1].windows
    other = look_candidates(clip, 1, ProceduralShapes(), seed=6)
    assert other.windows != again.windows or other.columns.shape != again.columns.shape


def test_candidates_come_back_from_disk_unless_they_are_stale(
    looks: list[Candidates], tmp_path: Path
) -> None:
    path = tmp_path / "look.npz"
    assert Candidates.load(path, "now") is None
    looks[0].save(path, "now")
    held = Candidates.load(path, "now")
    assert held is not None
    np.testing.assert_array_equal(held.columns, looks[0].columns)
    np.testing.assert_array_equal(held.area, looks[0].area)
    assert held.windows == looks[0].windows
    assert Candidates.load(path, "later") is None


def test_selection_keeps_windows_without_candidates(looks: list[Candidates]) -> None:
    whole = together(looks)
    both = whole.of(both_sides=True, series=["wall"])
    assert len(both.windows) == 6
    assert both.clean_pixels == sum(w.pixels for w in both.windows if w.is_clean)
    for index, facts in enumerate(both.windows):
        place = whole.windows.index(facts)
        np.testing.assert_array_equal(
            both.columns[both.window == index], whole.columns[whole.window == place]
        )
    assert whole.of(both_sides=True, series=["other"]).windows == ()
