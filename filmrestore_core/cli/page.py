"""The report page: one self-contained HTML file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2

from filmrestore_core.cli.pictures import Page
from filmrestore_core.cli.plot import CLASS_COLORS, damage_plot
from filmrestore_core.errors import UnwritableFrameError
from filmrestore_core.report import ClipReport

_MOST_ROWS = 2000


def report_page(report: ClipReport, pages: Sequence[Page] = ()) -> str:
    """The page's HTML; no script, no file and no network beside it is needed to read it."""
    text = (resources.files("filmrestore_core.cli") / "templates/report.html").read_text("utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    failed = [f.number for f in report.failed]
    notes: dict[str, list[int]] = {}
    for frame in report.frames:
        for note in frame.notes:
            notes.setdefault(note, []).append(frame.number)
    return environment.from_string(text).render(
        report=report,
        document=report.to_json(),
        plot=damage_plot(report.frames, failed),
        colors={str(c): color for c, color in CLASS_COLORS.items()},
        pages=pages,
        frames=sorted(report.frames, key=lambda f: (-f.covered, f.number))[:_MOST_ROWS],
        notes=notes,
        settings=_flat(report.settings),
    )


def write_report(report: ClipReport, path: Path, pages: Sequence[Page] = ()) -> Path:
    """Write FILE.json and FILE.html beside it, each whole or not at all; gives the page's path.

    Raises:
        UnwritableFrameError: a file cannot be written.
    """
    page = path.with_suffix(".html")
    _write_whole(path, json.dumps(report.to_json(), indent=1, ensure_ascii=True) + "\n")
    _write_whole(page, report_page(report, pages))
    return page


def check_report(path: Path) -> None:
    """Find out before the work whether a report can be written there.

    Raises:
        UnwritableFrameError: it cannot.
    """
    _write_whole(path.with_name(f".{path.name}.{os.getpid()}.try"), "")
    path.with_name(f".{path.name}.{os.getpid()}.try").unlink(missing_ok=True)


def _write_whole(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", errors="backslashreplace")
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        refused = UnwritableFrameError(
            f"The report {path} cannot be written: {error.strerror}.", path=path
        )
        refused.errno = error.errno
        raise refused from error


def _flat(values: Any, prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for key, value in values.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", value))
    return rows
