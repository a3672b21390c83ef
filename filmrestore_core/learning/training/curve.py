"""The learning curve as a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from filmrestore_core.errors import MissingExtraError
from filmrestore_core.learning.training.log import LOG

CURVE = "curve.png"


def write_curve(folder: Path) -> None:
    """Draw FOLDER/curve.png from FOLDER/log.jsonl: loss above, validation below.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError(
            "Learning curves need matplotlib.", hint="pip install 'filmrestore[train]'"
        ) from error
    rows = read_log(folder)
    figure = Figure(figsize=(8, 6), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True)
    losses = [(r["step"], r["loss"]) for r in rows if "loss" in r]
    if losses:
        above.plot(*zip(*losses, strict=True), color="#2563eb")
    above.set_ylabel("loss")
    above.set_yscale("log")
    names = sorted({k for r in rows for k in r if k not in ("step", "loss", "thresholds")})
    for name in names:
        points = [(r["step"], r[name]) for r in rows if isinstance(r.get(name), int | float)]
        if points:
            below.plot(*zip(*points, strict=True), marker="o", label=name)
    below.set_xlabel("steps")
    if names:
        below.legend()
    below.grid(visible=True, alpha=0.3)
    partial = folder / f"{CURVE}.partial"
    figure.savefig(partial, format="png", dpi=110)
    partial.replace(folder / CURVE)


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The rows of a training's log; a row cut short by a kill is left out.

    A resumed training writes steps again that were done after its last checkpoint: the later row
    counts.
    """
    rows: dict[tuple[int, bool], dict[str, Any]] = {}
    path = folder / LOG
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        rows[int(row["step"]), "loss" in row] = row
    return [rows[key] for key in sorted(rows)]
