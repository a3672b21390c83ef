from importlib import resources

import numpy as np
import pytest

from filmrestore_core.errors import MissingFrameError
from filmrestore_core.matte import DamageClass
from filmrestore_core.synth.demo.clip import (
    FIRST,
    HEIGHT,
    LAST,
    WIDTH,
    damaged_frame,
    demo_truth,
    file_name,
    write_clip,
)
from filmrestore_core.synth.demo.raycast import render
from filmrestore_core.synth.demo.street import LIGHT, camera, primitives, sky

FOLDER = resources.files("filmrestore_core") / "demo"
NUMBERS = range(FIRST, LAST + 1)


def read(number):
    import cv2

    data = np.frombuffer((FOLDER / file_name(number)).read_bytes(), np.uint8)
    return cv2.imdecode(data, cv2.IMREAD_UNCHANGED)


def test_the_clip_is_whole_and_small():
    names = {f.name for f in FOLDER.iterdir()}
    assert {file_name(n) for n in NUMBERS} <= names
    assert "LICENSE.txt" in names
    assert sum(len(f.read_bytes()) for f in FOLDER.iterdir()) < 4_000_000
    for n in NUMBERS:
        assert read(n).shape == (HEIGHT, WIDTH)
        assert read(n).dtype == np.uint8


def test_truth_differs_from_the_clip_just_where_damage_lies():
    truth = demo_truth()
    classes = set()
    for n in NUMBERS:
        damaged = read(n)
        clean, visible = truth.undamaged(n, damaged), truth.visible(n)
        changed = damaged != clean
        assert 0 < changed.mean() < 0.05
        assert 500 < np.count_nonzero(visible) < 0.03 * visible.size
        differs = np.abs(damaged.astype(int) - clean)[visible > 0]
        assert differs.min() >= 9  # 0.04 of 255, less rounding
        assert np.abs(damaged.astype(int) - clean)[visible == 0].max() <= 11
        classes |= set(np.unique(visible).tolist())
    wanted = (DamageClass.DIRT, DamageClass.SPARKLE, DamageClass.HAIR, DamageClass.SCRATCH)
    assert {c.label for c in wanted} <= classes


def test_the_scratch_runs_through_all_frames():
    truth = demo_truth()
    for n in NUMBERS:
        rows = np.any(truth.visible(n) == DamageClass.SCRATCH.label, axis=1)
        assert rows.mean() > 0.5


def test_frames_that_do_not_exist_are_refused():
    with pytest.raises(MissingFrameError, match="1001 to"):
        demo_truth().visible(3)


def test_the_clip_shows_the_street_that_is_drawn():
    import cv2

    clean = demo_truth().undamaged(FIRST, read(FIRST))
    small = cv2.resize(clean, (160, 120), interpolation=cv2.INTER_AREA).astype(float)
    drawn = render(camera(0.2), primitives(0.2), sky, LIGHT, width=160, height=120, shift=(0, 0))
    drawn = np.clip(drawn, 0, 1) ** 0.45
    # One sample a pixel against many, before the film's curve.
    assert np.corrcoef(small.ravel(), drawn.ravel())[0, 1] > 0.9


def test_frames_move():
    a, b = (demo_truth().undamaged(n, read(n)).astype(float) for n in (FIRST, FIRST + 4))
    assert np.corrcoef(a.ravel(), b.ravel())[0, 1] < 0.95


def test_writing_gives_files_and_their_truth(tmp_path):
    import cv2

    rng = np.random.default_rng(0)
    plate = rng.uniform(0.2, 0.8, (HEIGHT, WIDTH, 1)).astype(np.float32)
    write_clip(tmp_path, [plate] * len(NUMBERS))
    arrays = np.load(tmp_path / "truth.npz")
    codes = cv2.imread(str(tmp_path / file_name(1003)), cv2.IMREAD_UNCHANGED)
    mine = arrays["frames"] == 1003
    clean = codes.copy()
    clean.reshape(-1)[arrays["places"][mine]] = arrays["clean"][mine]
    wanted = np.round(np.clip(damaged_frame(plate, 1003).clean[..., 0], 0, 1) * 255)
    assert np.array_equal(clean, wanted)
