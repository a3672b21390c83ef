"""What is measured of the marks of both detectors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from filmrestore_core.segment import mark_measure
from filmrestore_core.segment.mark_measure import (
    MARK_COLUMNS,
    NET_CLASSES,
    MeasuredMarks,
    faintness,
    logit_of,
    measure_marks,
    wariness,
)
from filmrestore_core.segment.spike import Spikes, find_spikes
from filmrestore_core.temporal.window import AlignedWindow

SHAPE = (96, 144)
NOTHING = np.zeros(SHAPE, np.float32)
ALL = np.ones(SHAPE, np.float32)


@pytest.fixture(scope="module")
def spikes(speck_window: Callable[..., AlignedWindow]) -> Spikes:
    found = find_spikes(speck_window())
    assert found is not None
    return found


def net(*marks: tuple[slice, slice, int, float]) -> np.ndarray:
    planes = np.zeros((len(NET_CLASSES), *SHAPE), np.float32)
    for rows, columns, plane, score in marks:
        planes[plane, rows, columns] = score
    return planes


def measured(spikes: Spikes, *marks: tuple[slice, slice, int, float]) -> MeasuredMarks:
    found = measure_marks(spikes, net(*marks), NOTHING, ALL)
    assert found is not None
    return found


def column(marks: MeasuredMarks, name: str) -> np.ndarray:
    return marks.columns[:, MARK_COLUMNS.index(name)]


def test_nothing_found_is_nothing_measured(spikes: Spikes) -> None:
    assert measure_marks(spikes, net(), NOTHING, ALL) is None


def test_either_detector_makes_a_mark(spikes: Spikes) -> None:
    classical = NOTHING.copy()
    classical[70:73, 10:13] = 0.4
    found = measure_marks(spikes, net((slice(36, 45), slice(56, 65), 0, 0.9)), classical, ALL)
    assert found is not None
    assert found.area.tolist() == [81, 9]
    np.testing.assert_allclose(
        column(found, "net_mean"), logit_of(np.asarray([0.9, 0.0])), atol=1e-6
    )
    np.testing.assert_allclose(column(found, "net_share"), [1, 0])
    np.testing.assert_allclose(column(found, "screen_share"), np.log(found.area / NOTHING.size))


def test_what_stands_out_is_told_from_what_does_not(spikes: Spikes) -> None:
    """The dark disk at (60, 40) was made; at (20, 20) there is nothing but a net's fancy."""
    found = measured(
        spikes,
        (slice(37, 44), slice(57, 64), 0, 0.8),
        (slice(17, 24), slice(17, 24), 3, 0.8),
    )
    fancy, disk = 0, 1
    raised = column(found, "raised")
    assert raised[disk] > 0.9 > 0.3 > raised[fancy]
    assert column(found, "log_contrast")[disk] > column(found, "log_contrast")[fancy] + 1
    assert column(found, "net_scratch")[fancy] > 1 > column(found, "net_scratch")[disk]
    assert column(found, "net_dirt")[disk] > 1


def test_measurements_are_numbers_even_where_nothing_stands_out(spikes: Spikes) -> None:
    marks = [
        (slice(y, y + 2), slice(x, x + 2), (y + x) % 5, 0.6)
        for y in range(0, 94, 9)
        for x in range(0, 142, 9)
    ]
    with np.errstate(all="raise"):
        found = measured(spikes, *marks)
    assert np.isfinite(found.columns).all()


def test_of_too_many_marks_the_surest_are_looked_at(
    spikes: Spikes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mark_measure, "MOST_MARKS", 2)
    found = measured(
        spikes,
        (slice(5, 8), slice(5, 8), 0, 0.9),
        (slice(25, 28), slice(5, 8), 0, 0.5),
        (slice(45, 49), slice(5, 8), 0, 0.8),
    )
    assert found.area.tolist() == [9, 12]
    assert found.labels.max() == 2
    assert found.labels[26, 6] == 0


def test_a_mark_that_covers_much_must_be_surer(spikes: Spikes) -> None:
    found = measured(
        spikes,
        (slice(10, 12), slice(10, 13), 0, 0.9),
        (slice(40, 60), slice(40, 90), 0, 0.9),
    )
    # 6 px are less than a thousandth of 13,824; 1000 px are 72 times that.
    wanted = [0.0, 0.7 * np.log(1000 / 13.824)]
    np.testing.assert_allclose(wariness(found.columns), wanted, atol=1e-9)


def test_a_mark_that_hardly_stands_out_must_be_surer() -> None:
    columns = np.zeros((4, len(MARK_COLUMNS)))
    columns[:, MARK_COLUMNS.index("log_contrast")] = [-0.3, 0.2, 0.7, 2.0]
    np.testing.assert_allclose(faintness(columns), [3.0, 1.5, 0.0, 0.0], atol=1e-9)
