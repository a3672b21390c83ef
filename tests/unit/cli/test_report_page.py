from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from filmrestore_core.box import Box
from filmrestore_core.cli.page import report_page, write_report
from filmrestore_core.cli.pictures import PictureBook, with_matte
from filmrestore_core.cli.plot import damage_plot
from filmrestore_core.errors import UnwritableFrameError
from filmrestore_core.matte import DamageClass, Defect, Matte
from filmrestore_core.report import ClipReport, DamageReport, FailedFrame
from filmrestore_core.restore.restorer import Restored
from filmrestore_core.testing.scenes import code_frame


def _report(number: int, area: int = 10) -> DamageReport:
    defects = (Defect(DamageClass.DIRT, Box(5, 5, 4, 4), area, 0.9),) if area else ()
    return DamageReport(number=number, width=80, height=60, defects=defects, covered=area)


def _restored(number: int, area: int) -> Restored:
    before = code_frame(number, np.full((60, 80, 1), 0.5, np.float32))
    after = code_frame(number, np.full((60, 80, 1), 0.6, np.float32))
    coverage = np.zeros((60, 80), np.float32)
    coverage.flat[:area] = 1
    labels = (coverage > 0).astype(np.uint8)
    report = _report(number, area)
    matte = Matte(number, coverage, labels, Box.of_size(80, 60), report.defects)
    return Restored(after, before, matte, report)


class Links(HTMLParser):
    """Collects what a browser would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "iframe", "object"):
            self.found.append(tag)
        self.found += [v or "" for k, v in attrs if k in ("src", "href") and v]


def test_the_page_needs_nothing_beside_it() -> None:
    book = PictureBook(most=2)
    for number, area in ((1, 5), (2, 50), (3, 20)):
        book.offer(_restored(number, area))
    links = Links()
    links.feed(report_page(ClipReport("in", "out", (_report(1),)), book.pages))
    assert links.found
    assert all(link.startswith("data:image/jpeg;base64,") for link in links.found)


def test_names_and_reasons_are_escaped() -> None:
    report = ClipReport(
        "<script>alert(1)</script>.####.exr", "out & more", (), (FailedFrame(3, "<b>bad</b>"),)
    )
    page = report_page(report)
    assert "<script>" not in page
    assert "<b>bad</b>" not in page
    assert "out &amp; more" in page


def test_the_book_keeps_the_worst_in_order() -> None:
    book = PictureBook(most=2)
    for number, area in ((1, 5), (2, 50), (3, 20), (4, 0), (5, 20)):
        book.offer(_restored(number, area))
    assert [page.number for page in book.pages] == [2, 3]
    assert not PictureBook(most=0).wants(1, 100)


def test_covered_pixels_are_red_and_others_as_they_were() -> None:
    picture = np.full((4, 4, 3), 100, np.uint8)
    coverage = np.zeros((4, 4), np.float32)
    coverage[1, 1] = 1
    drawn = with_matte(picture, coverage)
    assert drawn[1, 1, 0] > 180 > 80 > drawn[1, 1, 1]
    drawn[1, 1] = 100
    assert np.array_equal(drawn, picture)


def test_the_plot_has_a_column_for_each_damaged_frame_and_marks_failures() -> None:
    svg = damage_plot([_report(1), _report(2, 0), _report(3, 30)], failed=[4])
    heights = [float(h) for h in re.findall(r'height="([\d.]+)" fill', svg)]
    assert len(heights) == 2
    assert heights[1] == pytest.approx(3 * heights[0], rel=0.01)
    assert svg.count("&#215;") == 1
    assert damage_plot([]) == "<p>No frames.</p>"


def test_a_long_film_is_drawn_by_its_worst_frames() -> None:
    reports = [_report(n, 1) for n in range(5000)]
    reports[2500] = _report(2500, 1000)
    svg = damage_plot(reports)
    assert svg.count("<rect") < 600
    assert max(float(h) for h in re.findall(r'height="([\d.]+)" fill', svg)) > 150


def test_the_report_is_written_whole_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "new" / "r.json"
    page = write_report(ClipReport("in", "out", (_report(1),)), path)
    assert json.loads(path.read_text())["totals"]["frames"] == 1
    assert page == tmp_path / "new" / "r.html"
    assert sorted(p.name for p in path.parent.iterdir()) == ["r.html", "r.json"]
    (tmp_path / "file").write_text("")
    with pytest.raises(UnwritableFrameError, match="cannot be written"):
        write_report(ClipReport("in", "out", ()), tmp_path / "file" / "r.json")
