import numpy as np

from filmrestore_core.color.finite import replace_nonfinite


def nearest_distances(bad: np.ndarray, row: int, column: int) -> float:
    rows, columns = np.nonzero(~bad)
    return float(np.sqrt(((rows - row) ** 2 + (columns - column) ** 2).min()))


def test_finite_pixels_are_left_alone() -> None:
    pixels = np.random.default_rng(0).normal(size=(9, 7, 3)).astype(np.float32)
    kept = pixels.copy()
    assert replace_nonfinite(pixels).all()
    np.testing.assert_array_equal(pixels, kept)


def test_a_hole_takes_a_near_pixel_and_nothing_else_changes() -> None:
    rng = np.random.default_rng(3)
    pixels = rng.random((40, 50, 3)).astype(np.float32)
    bad = rng.random((40, 50)) < 0.02
    bad[10:18, 20:31] = True
    bad[0:3, 0:4] = True
    bad[-1, -1] = True
    whole = pixels.copy()
    value = np.where(rng.random(bad.shape) < 0.5, np.nan, np.inf).astype(np.float32)
    channel = rng.integers(0, 3, bad.shape)
    for c in range(3):
        pixels[..., c] = np.where(bad & (channel == c), value, pixels[..., c])
    finite = replace_nonfinite(pixels)
    np.testing.assert_array_equal(finite, ~bad)
    np.testing.assert_array_equal(pixels[~bad], whole[~bad])
    rows, columns = np.nonzero(~bad)
    for row, column in np.argwhere(bad):
        same = (whole[~bad] == pixels[row, column]).all(axis=1)
        distance = np.hypot(rows[same] - row, columns[same] - column).min()
        # OpenCV's 5 x 5 distance is within 2 % of the true one.
        assert distance <= nearest_distances(bad, int(row), int(column)) * 1.02 + 1e-6


def test_a_huge_neighbor_does_not_spread() -> None:
    pixels = np.full((8, 8, 1), 0.25, np.float32)
    pixels[0, 0] = 1e30
    pixels[4, 4] = np.nan
    replace_nonfinite(pixels)
    assert pixels[4, 4, 0] == np.float32(0.25)


def test_no_finite_pixel_at_all() -> None:
    pixels = np.full((4, 5, 3), np.nan, np.float32)
    pixels[..., 1] = -np.inf
    assert not replace_nonfinite(pixels).any()
    assert (pixels == 0).all()


def test_stand_ins_depend_on_the_picture_only() -> None:
    rng = np.random.default_rng(5)
    pixels = rng.random((64, 64, 3)).astype(np.float32)
    pixels[rng.random((64, 64)) < 0.4] = np.nan
    first, second = pixels.copy(), pixels.copy()
    replace_nonfinite(first)
    replace_nonfinite(second)
    np.testing.assert_array_equal(first, second)


def test_a_block_amid_the_picture_takes_its_four_sides() -> None:
    pixels = np.zeros((9, 9, 1), np.float32)
    pixels[:3], pixels[6:] = 1.0, 2.0
    pixels[3:6, :3], pixels[3:6, 6:] = 3.0, 4.0
    pixels[3:6, 3:6] = np.nan
    finite = replace_nonfinite(pixels)
    assert int((~finite).sum()) == 9
    sides = [pixels[3, 4, 0], pixels[5, 4, 0], pixels[4, 3, 0], pixels[4, 5, 0]]
    assert sides == [1.0, 2.0, 3.0, 4.0]
