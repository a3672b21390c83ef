from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from filmrestore_core.cli.adapt_film import ClipFilm, film_id
from filmrestore_core.errors import SettingsError
from filmrestore_core.learning.adapt.film import (
    FEWEST_FRAMES,
    split_in_time,
    spread_over,
)
from filmrestore_core.learning.adapt.film_scene import film_scene
from filmrestore_core.learning.adapt.plan import (
    Extent,
    extent_for,
    read_extent,
    write_extent,
)
from filmrestore_core.learning.samples.scene import (
    CENTER,
    CLEAN,
    HEIGHT,
    TARGET,
    WEIGHT,
    WIDTH,
    Scene,
)
from filmrestore_core.media.open import open_clip
from filmrestore_core.settings import RestoreSettings
from filmrestore_core.synth.density import Tone
from filmrestore_core.synth.shapes import ProceduralShapes
from filmrestore_core.temporal.window import AlignedWindow


def _film(folder: Path) -> ClipFilm:
    return ClipFilm(open_clip(folder), RestoreSettings())


def _scene(film: ClipFilm, *, index: int = 0, seed: int = 1, damaged: bool = True) -> Scene:
    def find(window: AlignedWindow) -> np.ndarray:
        found = np.zeros(window.center.box.shape, np.bool_)
        found[100:110, 50:70] = True
        return found

    return film_scene(
        film.window(9),
        find,
        ProceduralShapes(),
        tone=Tone.DISPLAY,
        seed=seed,
        index=index,
        damaged=damaged,
    )


def test_what_may_be_damaged_already_counts_nothing(film_folder: Path) -> None:
    film = _film(film_folder)
    scene = _scene(film)
    weight, target = scene.planes[WEIGHT], scene.planes[TARGET]
    assert weight.shape == (HEIGHT, WIDTH)
    # The film is smaller than a scene: what lies beyond it is not film.
    assert not weight[300:].any()
    assert not weight[:, 360:].any()
    assert not weight[96:114, 46:74].any()
    assert not target[weight == 0].any()
    assert weight[:90, :40].any()
    usable = (300 * 360 - 18 * 28) / (HEIGHT * WIDTH)
    assert scene.facts["usable"] == pytest.approx(usable, abs=1e-3)
    # The film itself stays as it is where no damage was laid; a mark that takes a hundredth of the
    # light and less counts as none.
    apart = scene.planes[CENTER].astype(np.int32) - scene.planes[CLEAN]
    assert np.abs(apart)[:, (target == 0) & (weight == 255)].max() <= 3
    frame = cv2.imread(str(film_folder / "f.0009.png"))[..., ::-1]
    assert np.array_equal(np.moveaxis(scene.planes[CLEAN], 0, -1)[:300, :360], frame)


def test_a_film_scene_depends_on_its_arguments_only(film_folder: Path) -> None:
    film, again = _film(film_folder), _film(film_folder)
    one = _scene(film)
    assert np.array_equal(_scene(again).planes, one.planes)
    other, bare = _scene(film, index=3), _scene(film, damaged=False)
    assert not np.array_equal(other.planes[TARGET], one.planes[TARGET])
    assert not bare.planes[TARGET].any()
    assert bare.facts["damaged"] is False
    assert one.planes[TARGET].any() or other.planes[TARGET].any()


def test_windows_end_at_the_film_and_at_cuts(film_folder: Path) -> None:
    film = _film(film_folder)
    assert film.window(9).numbers == (7, 8, 9, 10, 11)
    assert film.window(1).numbers == (1, 2, 3)
    assert film.tone(1) is Tone.DISPLAY


@pytest.mark.parametrize("count", [FEWEST_FRAMES, 20, 77, 500])
def test_no_frame_is_on_both_sides(count: int) -> None:
    numbers = list(range(1001, 1001 + count))
    learned, apart = split_in_time(numbers, 2)
    seen = {n + s for n in learned for s in range(-2, 3)}
    measured = {n + s for n in apart for s in range(-2, 3)}
    assert not seen & measured
    assert learned
    # A fifth is measured on, as far as blocks of time go.
    assert count / 10 <= len(apart) <= count / 4
    assert split_in_time(numbers, 2) == (learned, apart)


def test_a_film_that_is_too_short_is_refused() -> None:
    with pytest.raises(SettingsError, match="has 15 frames"):
        split_in_time(range(15), 2)


def test_windows_are_spread_over_the_film() -> None:
    assert spread_over([1, 2, 3, 4, 5, 6, 7, 8], 4) == [2, 4, 6, 8]
    assert spread_over([5, 9], 4) == [5, 5, 9, 9]


def test_what_is_done_fits_into_the_time(tmp_path: Path) -> None:
    extent = extent_for(15, window_seconds=2.0, step_seconds=0.4)
    whole = (extent.learned + extent.held_out) * 2.0 + extent.steps * 0.4
    assert 0.8 * 900 < whole <= 900 * 0.86
    assert extent_for(0.01, window_seconds=9, step_seconds=9).steps == 40
    assert read_extent(tmp_path, {"film": "a"}) is None
    write_extent(tmp_path, {"film": "a"}, Extent(8, 4, 40))
    assert read_extent(tmp_path, {"film": "a"}) == Extent(8, 4, 40)
    with pytest.raises(SettingsError, match="another adaptation: its film is a, not b"):
        read_extent(tmp_path, {"film": "b"})
    (tmp_path / "plan.json").write_text("{}")
    with pytest.raises(SettingsError, match="no plan"):
        read_extent(tmp_path, {"film": "a"})


@pytest.mark.parametrize(
    ("clip", "name"),
    [
        ("/films/Reel 3_take.####.dpx", "net-reel-3-take"),
        ("a/b.%04d.exr", "net-b"),
        ("shot.[1001-1100].tif", "net-shot"),
        ("Wien 1901.mov", "net-wien-1901"),
        ("films/ΩΩ", "net-film"),
        ("x" * 200, "net-" + "x" * 76),
    ],
)
def test_the_id_says_which_film(clip: str, name: str) -> None:
    assert film_id("net", clip) == name
