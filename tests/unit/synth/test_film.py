import hashlib

import numpy as np
import pytest

from filmrestore_core.matte import DamageClass
from filmrestore_core.synth.film import DamagedFilm, FilmedPicture, damage_sequence
from filmrestore_core.synth.gauge import Gauge
from filmrestore_core.synth.recipe import RecipeSettings, load_recipe

HEAVY = load_recipe("heavy")


def plates(count=4, channels=3, height=72, width=96):
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    made = []
    for n in range(count):
        base = 0.5 + 0.3 * np.sin((x + 2 * n) / 9) * np.cos(y / 7)
        made.append(np.repeat(base[..., None], channels, axis=2).astype(np.float32))
    return made


def digest(frame):
    arrays = (frame.damaged, frame.clean, frame.scene, *frame.strength.values())
    return hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest()


@pytest.mark.parametrize("channels", [1, 3])
def test_a_frame_is_the_same_alone_and_in_a_sequence(channels):
    clip = plates(channels=channels)
    whole = damage_sequence(clip, HEAVY, seed=7, first=100)
    film = DamagedFilm(HEAVY, seed=7)
    for i in (3, 0, 2):
        assert digest(film.frame(clip[i], 100 + i)) == digest(whole[i])


def test_another_seed_is_another_film():
    clip = plates(1)
    a, b = (damage_sequence(clip, HEAVY, seed=s)[0] for s in (1, 2))
    assert digest(a) != digest(b)


def test_outside_the_damage_clean_and_damaged_have_equal_bits():
    for frame in damage_sequence(plates(), HEAVY, seed=3):
        touched = np.zeros(frame.change.shape, bool)
        for plane in frame.strength.values():
            touched |= plane > 0
        assert touched.any()
        assert not touched.all()
        assert np.array_equal(frame.damaged[~touched], frame.clean[~touched])


def test_visible_and_faint_share_no_pixel_and_are_touched():
    for frame in damage_sequence(plates(), HEAVY, seed=3):
        total = np.zeros(frame.change.shape, int)
        for seen in frame.visible().values():
            total += seen
        total += frame.faint()
        assert total.max() == 1
        seen = np.sum([*frame.visible().values()], axis=0) > 0
        assert np.array_equal(seen, frame.change > frame.visible_from)


def test_what_is_weaker_than_the_grain_is_not_visible():
    """Two deviations of the grain, and never less than 0.04."""
    grain = HEAVY.grain.model_copy(update={"amount": 10.0})
    grainy = HEAVY.model_copy(update={"grain": grain, "gauge": Gauge.MM8})
    for recipe in (HEAVY, grainy):
        frame = DamagedFilm(recipe, seed=3).frame(plates(1)[0], 5)
        measured = float(np.std(frame.clean - frame.scene))
        assert frame.visible_from == pytest.approx(max(0.04, 2 * measured), rel=1e-4)
        assert not any((seen & (frame.change <= 0.04)).any() for seen in frame.visible().values())
    assert frame.visible_from > 0.06
    assert frame.faint().sum() > frame.faint(0.04).sum()


def test_something_may_happen_between_filming_and_damage():
    plate = plates(1)[0]
    film = DamagedFilm(HEAVY, seed=3)
    filmed = film.filmed(plate, 9)
    assert digest(film.damage(filmed, 9)) == digest(film.frame(plate, 9))
    brighter = FilmedPicture(filmed.scene, np.asarray(filmed.pixels + np.float32(0.05)))
    frame = film.damage(brighter, 9)
    untouched = frame.strength[DamageClass.DIRT] == 0
    for plane in frame.strength.values():
        untouched &= plane == 0
    assert np.array_equal(frame.damaged[untouched], brighter.pixels[untouched])


def test_the_default_recipe_does_nothing():
    clip = plates(2)
    for before, frame in zip(clip, damage_sequence(clip, RecipeSettings(), seed=1), strict=True):
        assert np.array_equal(frame.damaged, before)
        assert np.array_equal(frame.clean, before)
        assert frame.strength == {}
        assert frame.visible() == {}
        assert not frame.faint().any()


def test_every_class_is_made():
    recipe = HEAVY.model_copy(
        update={"tear": HEAVY.tear.model_copy(update={"tears": 1.0, "splices": 1.0})}
    )
    found: set = set()
    for frame in damage_sequence(plates(6, height=120, width=160), recipe, seed=11):
        found |= set(frame.strength)
    assert found == set(DamageClass)


def test_input_is_left_alone():
    clip = plates(1)
    before = clip[0].copy()
    damage_sequence(clip, HEAVY, seed=1)
    assert np.array_equal(clip[0], before)


def test_blur_of_a_copy_softens_damage_and_its_truth():
    sharp = load_recipe("medium")
    soft = sharp.model_copy(
        update={"generation": sharp.generation.model_copy(update={"blur": 400.0})}
    )
    a = damage_sequence(plates(1), sharp, seed=5)[0]
    b = damage_sequence(plates(1), soft, seed=5)[0]
    assert b.change.max() < a.change.max()
    touched = np.any([p > 0 for p in b.strength.values()], axis=0)
    assert np.all(b.change[~touched] < 1e-6)


def test_jpeg_of_a_transfer_hits_both_alike():
    recipe = RecipeSettings.model_validate({"generation": {"jpeg": 40}})
    frame = damage_sequence(plates(1), recipe, seed=5)[0]
    assert np.array_equal(frame.damaged, frame.clean)
    assert not np.array_equal(frame.clean, plates(1)[0])
