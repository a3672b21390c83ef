"""Measured figures as Markdown and as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from filmrestore_core.metrics.measured import Measured

_THREE_DIGITS = ("precision", "recall", "f1", "by_class", "iou", "ap", "objects_found", "ssim_hole")
_WHOLE = ("false_px", "changed_px", "again_px")
_ONE_DIGIT = ("psnr_damaged", "psnr_hole", "psnr_low", "psnr_filled", "low_filled", "false_objects")


def rows_table(
    head: str, rows: Mapping[str, Measured], columns: Sequence[str], *, frames: bool = True
) -> list[str]:
    """Lines of a Markdown table.

    Args:
        head: title of the first column.
        rows: name -> figures.
        columns: which of COLUMNS, in this order.
        frames: whether to say how many frames each row was measured on.
    """
    titles = [head, *(["frames"] if frames else []), *columns]
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for name, measured in rows.items():
        values = measured.row()
        cells = [name, *([str(measured.frames)] if frames else [])]
        cells += [cell(column, values[column]) for column in columns]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def objects_table(measured: Measured) -> list[str]:
    """Lines of a Markdown table: found objects by class and size, and recall of pixels by class."""
    table = measured.objects_table()
    if not table:
        return []
    sizes = sorted({s for row in table.values() for s in row}, key=lambda s: int(s.split("-")[0]))
    heads = ["found objects", *(f"{s} px" for s in sizes), "recall of pixels"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    recalls = {c.value: pixels.recall for c, pixels in measured.class_pixels.items()}
    for name, row in table.items():
        cells = [f"{row[s][0]} of {row[s][1]}" if s in row else "-" for s in sizes]
        lines.append(f"| {name} | {' | '.join(cells)} | {recalls[name]:.3f} |")
    return lines


def document_of(measured: Measured) -> dict[str, Any]:
    """All figures as plain values, NaN as None."""
    return {
        "frames": measured.frames,
        "pixels": measured.pixels.pixels,
        **measured.row(),
        "objects": measured.objects_table(),
        "class_pixels": {
            c.value: [pixels.found, pixels.damaged] for c, pixels in measured.class_pixels.items()
        },
    }


def cell(column: str, value: float | None) -> str:
    """A figure as its column is read; "-" where there is none."""
    if value is None:
        return "-"
    if column in _WHOLE:
        return f"{value:.0f}"
    if column in _ONE_DIGIT:
        return f"{value:.1f}"
    return f"{value:.3f}" if column in _THREE_DIGITS else f"{value:.2f}"
