import numpy as np
import pytest

from filmrestore_core.matte import DamageClass
from filmrestore_core.metrics.detection import (
    PixelCounts,
    count_pixels,
    false_objects,
    grown,
    object_outcomes,
    size_name,
    size_names,
)


def blank():
    return np.zeros((40, 60), bool)


def square(y, x, side):
    plane = blank()
    plane[y : y + side, x : x + side] = True
    return plane


def test_perfect_and_empty():
    truth = square(5, 5, 4)
    perfect = count_pixels(truth, truth)
    assert (perfect.precision, perfect.recall, perfect.f1, perfect.iou) == (1, 1, 1, 1)
    nothing = count_pixels(blank(), truth)
    assert (nothing.recall, nothing.f1) == (0, 0)
    assert np.isnan(nothing.precision)
    clean = count_pixels(blank(), blank())
    assert np.isnan(clean.f1)
    assert clean.wrong_per_million == 0


def test_the_rim_forgives_two_pixels_and_no_more():
    truth = square(10, 10, 4)
    assert count_pixels(square(8, 10, 4), truth, rim=2).precision == 1
    shifted = count_pixels(square(5, 10, 4), truth, rim=2)  # rows 5..8; the rim begins at 8
    assert shifted.right == 4
    assert shifted.wrong == 12
    assert count_pixels(square(8, 10, 4), truth, rim=0).precision == 0.5


def test_rim_is_round():
    assert grown(square(20, 20, 1), 2.0).sum() == 13
    assert grown(square(20, 20, 1), 0.0).sum() == 1


def test_faint_damage_is_neither_right_nor_wrong():
    truth, faint = square(5, 5, 3), square(20, 30, 5)
    counts = count_pixels(truth | faint, truth, ignored=faint)
    assert (counts.right, counts.wrong, counts.missed) == (9, 0, 0)
    assert counts.iou == 1
    assert false_objects(truth | faint, truth, ignored=faint) == 0
    assert false_objects(truth | faint, truth) == 1


def test_counts_add_up():
    a = count_pixels(square(5, 5, 4), square(5, 6, 4))
    b = count_pixels(square(30, 50, 3), blank())
    total = a + b
    assert total.pixels == 2 * 40 * 60
    assert total.wrong == a.wrong + b.wrong == 9
    assert total.wrong_per_million == pytest.approx(9e6 / 4800)
    assert PixelCounts() + a == a


def test_objects_by_class_and_share():
    truth = {
        DamageClass.DIRT: square(2, 2, 4) | square(20, 2, 2),
        DamageClass.HAIR: square(20, 40, 3),
    }
    predicted = blank()
    predicted[2:4, 2:6] = True  # half of the first
    predicted[20, 40] = True  # a ninth of the hair
    outcomes = sorted(object_outcomes(predicted, truth), key=lambda o: o.area)
    assert [(o.damage_class, o.area, o.found) for o in outcomes] == [
        (DamageClass.DIRT, 4, False),
        (DamageClass.HAIR, 9, False),
        (DamageClass.DIRT, 16, True),
    ]
    assert outcomes[1].covered == pytest.approx(1 / 9)


def test_diagonal_pixels_are_one_object():
    assert len(object_outcomes(blank(), {DamageClass.HAIR: np.eye(40, 60, dtype=bool)})) == 1


def test_false_objects_are_those_that_touch_no_damage():
    truth = square(5, 5, 4)
    predicted = square(10, 5, 2) | square(20, 20, 3) | square(30, 50, 1)  # first is in the rim
    assert false_objects(predicted, truth) == 2
    assert false_objects(blank(), truth) == 0


def test_sizes_cover_all_areas_once():
    assert [size_name(a) for a in (1, 3, 4, 11, 12, 39, 149, 150, 600, 10**6)] == [
        "1-3",
        "1-3",
        "4-11",
        "4-11",
        "12-39",
        "12-39",
        "40-149",
        "150-599",
        "600-",
        "600-",
    ]
    assert size_names()[0] == "1-3"
