"""Rates, time addresses and sequence paths of the menu script."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from filmrestore_core import Timecode
from filmrestore_resolve.host.rates import exact_rate, rate_text, sequence_path, timecode


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (23.976, "24000/1001"), ("23.976", "24000/1001"), (23, "24000/1001"),
        ("23.98", "24000/1001"),
        (24, "24"), ("24.0", "24"), (24.0, "24"), (25.0, "25"), ("25", "25"),
        (29.97, "30000/1001"), ("29.97 DF", "30000/1001"), (29, "30000/1001"), (30.0, "30"),
        (47.952, "48000/1001"), (48, "48"), (50.0, "50"), ("59.94", "60000/1001"),
        (59.94005994, "60000/1001"), (59, "60000/1001"), (60, "60"), ("59.94DF", "60000/1001"),
        (12.5, "25/2"),
    ],
)  # fmt: skip
def test_a_rate_is_what_is_meant(told: Any, meant: str) -> None:
    assert exact_rate(told) == Fraction(meant)


@pytest.mark.parametrize("told", [None, True, "", "x", 0, -24, float("nan"), float("inf")])
def test_what_is_no_rate_is_none(told: Any) -> None:
    assert exact_rate(told) is None


@pytest.mark.parametrize(
    ("rate", "drop"),
    [
        ("24000/1001", False), ("24", False), ("25", False), ("30000/1001", False),
        ("30000/1001", True), ("30", False), ("50", False), ("60000/1001", False),
        ("60000/1001", True),
    ],
)  # fmt: skip
def test_time_addresses_are_those_of_the_core(rate: str, drop: bool) -> None:
    """Two implementations that share no line: one runs in Resolve's Python, one does not."""
    exact = Fraction(rate)
    edges = [0, 1, 1799, 1800, 1801, 3597, 3598, 3600, 17981, 17982, 86400, 107892, 215784, 2589408]
    for frame in [*edges, *range(0, 2_600_000, 7919)]:
        assert timecode(frame, exact, drop) == str(Timecode(frame, exact, drop))


def test_rates_are_written_as_resolve_writes_them() -> None:
    written = [rate_text(Fraction(r)) for r in ("24", "24000/1001", "30000/1001", "60000/1001")]
    assert written == ["24", "23.976", "29.97", "59.94"]


@pytest.mark.parametrize(
    ("path", "first", "last", "padding", "file"),
    [
        ("/a b/plate.[0001-1008].exr", 1, 1008, 4, "/a b/plate.0007.exr"),
        ("/a/p.[998-1002].dpx", 998, 1002, 1, "/a/p.7.dpx"),
        ("/a/p.[1001-1002].dpx", 1001, 1002, 4, "/a/p.0007.dpx"),
        ("/a/[x]/p[0000001-0000002].tif", 1, 2, 7, "/a/[x]/p0000007.tif"),
        ("C:\\Röll\\p_[01-99].tif", 1, 99, 2, "C:\\Röll\\p_07.tif"),
    ],
)
def test_a_sequence_path(path: str, first: int, last: int, padding: int, file: str) -> None:
    found = sequence_path(path)
    assert found is not None
    assert (found.first, found.last, found.padding) == (first, last, padding)
    assert found.file(7) == file


@pytest.mark.parametrize(
    "path", ["/a/movie.mov", "/a/p.[12].dpx", "/a/[1-2]/movie.mov", "", "x.[5-3].dpx"]
)
def test_a_single_file_is_no_sequence(path: str) -> None:
    assert sequence_path(path) is None


def test_a_percent_sign_in_a_name_is_doubled() -> None:
    found = sequence_path("/100%/p.[01-02].dpx")
    assert found is not None
    assert found.pattern() == "/100%%/p.%02d.dpx"
