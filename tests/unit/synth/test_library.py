import numpy as np
import pytest

from filmrestore_core.errors import SettingsError, UnreadableFrameError
from filmrestore_core.synth.library import LibraryPart, LibraryShapes


def write(path, picture):
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(3)
    for i in range(12):
        blob = np.zeros((80, 80), np.uint8)
        blob[20 : 50 + i, 25:60] = 255
        blob[20, 25] = int(rng.integers(256))
        write(tmp_path / "dots" / f"dot-{i:03d}.png", blob)
        write(tmp_path / "dots" / f"turned-{i:03d}.png", np.rot90(blob).copy())
    hair = np.zeros((80, 80), np.uint8)
    for i in range(60):
        hair[10 + i, 10 + i // 2 : 13 + i // 2] = 200
    write(tmp_path / "hair" / "hair.png", hair)
    return tmp_path


def test_specks_have_the_asked_area(folder):
    shapes = LibraryShapes(folder, share=1)
    rng = np.random.default_rng(0)
    for area in (4, 30, 400):
        drawn = [float(shapes.speck(rng, area).sum()) for _ in range(20)]
        assert np.median(drawn) == pytest.approx(area, rel=0.25)


def test_stamps_are_opacities_with_empty_rims(folder):
    shapes = LibraryShapes(folder, share=1)
    rng = np.random.default_rng(0)
    for stamp in (shapes.speck(rng, 50), shapes.hair(rng, 40, 2), shapes.stain(rng, 300)):
        assert stamp.dtype == np.float32
        assert stamp.min() >= 0
        assert 0.2 < stamp.max() <= 1
        rim = max(stamp[0].max(), stamp[-1].max(), stamp[:, 0].max(), stamp[:, -1].max())
        assert rim < 0.06


def test_hairs_have_about_the_asked_length(folder):
    shapes = LibraryShapes(folder, share=1)
    rng = np.random.default_rng(0)
    spans = [np.ptp(np.argwhere(shapes.hair(rng, 60, 2) > 0.1), axis=0) for _ in range(10)]
    assert 28 < np.mean([np.hypot(*s) for s in spans]) < 60


def test_train_and_validation_share_no_shape(folder):
    import cv2

    apart = {p.name: int(cv2.imread(str(p), 0).sum()) % 5 == 0 for p in folder.glob("dots/*.png")}
    assert len(set(apart.values())) == 2
    sums = {}
    for part in (LibraryPart.TRAIN, LibraryPart.VALIDATION):
        shapes = LibraryShapes(folder, share=1, part=part)
        rng = np.random.default_rng(1)
        found = [shapes._pick(rng, ("dots",)) for _ in range(60)]
        sums[part] = {round(float(f.sum() * 255)) for f in found}
        assert all((s % 5 == 0) == (part is LibraryPart.VALIDATION) for s in sums[part])
    assert sums[LibraryPart.TRAIN].isdisjoint(sums[LibraryPart.VALIDATION])


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="holds no damage shapes"):
        LibraryShapes(tmp_path)


def test_a_broken_picture_is_named(tmp_path):
    (tmp_path / "dots").mkdir()
    (tmp_path / "dots" / "bad.png").write_bytes(b"no picture")
    with pytest.raises(UnreadableFrameError, match=r"bad\.png"):
        LibraryShapes(tmp_path, share=1).speck(np.random.default_rng(0), 10)
