import numpy as np

from filmrestore_core.matte import DamageClass
from filmrestore_core.synth.dataset import (
    MATTE_CHANNELS,
    dataset_frames,
    matte_frame,
    recipe_document,
)
from filmrestore_core.synth.film import DamagedFilm
from filmrestore_core.synth.recipe import RecipeSettings, load_recipe


def made(channels=3):
    plate = np.full((48, 64, channels), 0.4, np.float32)
    film = DamagedFilm(load_recipe("heavy"), seed=3)
    return list(dataset_frames(((n, plate) for n in (1001, 1002)), film)), film, plate


def test_frames_are_numbered_half_float_pictures():
    frames, _, _ = made()
    assert [f.damaged.number for f in frames] == [1001, 1002]
    for f in frames:
        for frame in (f.damaged, f.clean):
            assert list(frame.parts[0].planes) == ["R", "G", "B"]
            assert all(p.dtype == np.float16 for p in frame.parts[0].planes.values())
    assert list(made(1)[0][0].clean.parts[0].planes) == ["Y"]


def test_matte_says_where_damaged_and_clean_differ():
    frames, _, _ = made()
    for f in frames:
        planes = f.matte.parts[0].planes
        assert tuple(planes) == (*MATTE_CHANNELS, "visible")
        touched = np.any([planes[c] > 0 for c in MATTE_CHANNELS], axis=0)
        differs = np.any(
            [f.damaged.parts[0].planes[c] != f.clean.parts[0].planes[c] for c in "RGB"], axis=0
        )
        assert differs.any()
        # Half floats lose strengths below 6e-8; nothing that changes a half-float pixel.
        assert not np.any(differs & ~touched)
        assert np.all((planes["visible"] > 0) <= touched)


def test_visible_holds_class_labels():
    _, film, plate = made()
    frame = film.frame(plate, 1001)
    visible = matte_frame(frame).parts[0].planes["visible"]
    for damage_class, seen in frame.visible().items():
        assert np.all(visible[seen] == DamageClass(damage_class).label)


def test_the_document_makes_the_same_set():
    frames, _, plate = made()
    document = recipe_document(load_recipe("heavy"), seed=3)
    film = DamagedFilm(RecipeSettings.model_validate(document["recipe"]), seed=document["seed"])
    again = next(dataset_frames([(1001, plate)], film))
    for name, plane in frames[0].damaged.parts[0].planes.items():
        assert np.array_equal(plane, again.damaged.parts[0].planes[name])
