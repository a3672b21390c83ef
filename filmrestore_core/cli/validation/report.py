"""The validation table as Markdown, JSON and pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filmrestore_core.cli.validation.cases import CLEAN
from filmrestore_core.cli.validation.chart import line_chart
from filmrestore_core.cli.validation.contenders import PRODUCT
from filmrestore_core.cli.validation.entry import Entry
from filmrestore_core.cli.validation.sweep import Sweep
from filmrestore_core.metrics.evaluate import Evaluation
from filmrestore_core.metrics.measured import COLUMNS, Measured
from filmrestore_core.metrics.tables import cell, objects_table, rows_table

DETECTION = ("f1", "precision", "recall", "by_class", "ap", "objects_found", "iou")
FILL = (
    *("psnr_damaged", "psnr_hole", "psnr_low", "ssim_hole", "psnr_filled", "low_filled"),
    *("grain", "frozen", "flicker"),
)
CLEANNESS = ("false_px", "false_objects", "changed_px", "again_px", "again_change")
SPEED = ("seconds_per_mp",)
# What this project asks of itself on undamaged film.
BAR_FALSE_PIXELS = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """All that was measured.

    Attributes:
        evaluations: contender -> figures.
        entries: all contenders, those too that could not run.
        negatives: groups of cases that are hard negatives.
        sweep: the product's detector at several sensitivities; None where it was not asked for.
        about: what was measured on and how, as plain values.
    """

    evaluations: Mapping[str, Evaluation]
    entries: Mapping[str, Entry]
    negatives: Sequence[str]
    sweep: Sweep | None
    about: Mapping[str, Any]

    def damaged(self, name: str) -> Measured:
        """Sums over a contender's damaged cases."""
        total = Measured()
        for group, measured in self.evaluations[name].groups.items():
            if group != CLEAN and group not in self.negatives:
                total.add(measured)
        return total

    def group(self, name: str, group: str) -> Measured:
        """Sums over one of a contender's groups; empty where there is none."""
        return self.evaluations[name].groups.get(group, Measured())


def write_results(folder: Path, results: Results) -> list[Path]:
    """Write results.md, results.json and the curves.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "results.md": results_markdown(results),
        "results.json": json.dumps(_document(results), indent=1),
        **_pictures(results),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return [folder / name for name in texts]


def results_markdown(results: Results) -> str:
    """The tables."""
    names = list(results.evaluations)
    finders = [n for n in names if _finds(results, n)]
    damaged = {n: results.damaged(n) for n in names}
    lines = ["# Validation", "", *(f"- {key}: {value}" for key, value in results.about.items())]
    lines += ["", "## Finding damage", "", *rows_table("", damaged, DETECTION)]
    lines += ["", "## Filling it", "", "What is told the holes fills all of them.", ""]
    lines += rows_table("", damaged, (*FILL, *SPEED))
    recipes = [g for g in _groups(results) if g != CLEAN and g not in results.negatives]
    for recipe in recipes if len(recipes) > 1 else []:
        rows = {n: results.group(n, recipe) for n in names}
        columns = ("f1", "precision", "recall", "objects_found", "psnr_low", "grain", "frozen")
        lines += ["", f"### {recipe}", "", *rows_table("", rows, columns)]
    clean = {n: results.group(n, CLEAN) for n in finders}
    lines += ["", "## Undamaged film", "", *rows_table("", clean, CLEANNESS)]
    if results.negatives:
        lines += ["", "## Hard negatives", ""]
        lines += ["False pixels in a million / false objects in a million pixels.", ""]
        lines += _negatives(results, finders)
    for name in finders:
        table = objects_table(damaged[name])
        lines += ["", f"## Objects found by {name}", "", *table] if table else []
    if results.sweep is not None:
        lines += ["", "## Sensitivity", "", *_sweep_table(results.sweep)]
        lines += ["", "![sensitivity](sensitivity.svg)", "", "![curves](precision-recall.svg)"]
    absent = [n for n, e in results.entries.items() if e.contender is None]
    lines += ["", "## Contenders", ""]
    lines += [f"- {n}: {results.entries[n].about}." for n in names]
    lines += [f"- {n}: not run; {results.entries[n].about}." for n in absent]
    lines += ["", "## Columns", "", *(f"- {name}: {text}." for name, text in COLUMNS.items())]
    return "\n".join(lines) + "\n"


def _groups(results: Results) -> list[str]:
    return list(next(iter(results.evaluations.values())).groups) if results.evaluations else []


def _finds(results: Results, name: str) -> bool:
    contender = results.entries[name].contender
    return contender is not None and contender.finds


def _negatives(results: Results, names: Sequence[str]) -> list[str]:
    lines = [f"| | frames | {' | '.join(names)} |", "|---" * (len(names) + 2) + "|"]
    for group in results.negatives:
        figures = [results.group(n, group) for n in names]
        cells = [
            f"{cell('false_px', row['false_px'])} / {cell('false_objects', row['false_objects'])}"
            for row in (f.row() for f in figures)
        ]
        lines.append(f"| {group} | {figures[0].frames if figures else 0} | {' | '.join(cells)} |")
    return lines


def _sweep_table(sweep: Sweep) -> list[str]:
    points = sweep.document()
    columns = list(next(iter(points.values())))
    lines = [f"| sensitivity | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, values in points.items():
        cells = ["-" if v is None else f"{v:.3f}" if v < 1 else f"{v:.1f}" for v in values.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _pictures(results: Results) -> dict[str, str]:
    """Curves as SVG by file name."""
    lines = {}
    for name in results.evaluations:
        scores = results.damaged(name).scores
        if scores is not None:
            _, precision, recall = scores.curve()
            lines[name] = list(zip(recall.tolist(), precision.tolist(), strict=True))[1:]
    made = {}
    if results.sweep is not None:
        points = results.sweep.document()
        found = {float(s): p for s, p in points.items()}
        lines[f"{PRODUCT}, by sensitivity"] = [
            (p["recall"], p["precision"])
            for p in found.values()
            if p["recall"] is not None and p["precision"] is not None
        ]
        alarms = {
            title: [(s, p[key]) for s, p in found.items() if p[key] is not None]
            for title, key in (
                ("undamaged film", "clean_false_px"),
                ("hard negatives", "negative_false_px"),
            )
        }
        made["sensitivity.svg"] = line_chart(
            "What sensitivity costs",
            "sensitivity",
            "false pixels in a million",
            {n: line for n, line in alarms.items() if line},
            log_y=True,
            marks={"20, the bar": BAR_FALSE_PIXELS},
        )
    if lines:
        made["precision-recall.svg"] = line_chart(
            "Finding damage, by pixel", "recall", "precision", lines
        )
    return made


def _document(results: Results) -> dict[str, Any]:
    return {
        "about": dict(results.about),
        "columns": COLUMNS,
        "contenders": {
            name: {"about": e.about, "ran": name in results.evaluations}
            for name, e in results.entries.items()
        },
        "results": {name: e.document() for name, e in results.evaluations.items()},
        "sensitivity": None if results.sweep is None else dict(results.sweep.document()),
    }
