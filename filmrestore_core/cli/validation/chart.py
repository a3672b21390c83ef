"""Curves as SVG pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _HEIGHT = 640, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 180, 36, 50
_COLORS = ("#c2410c", "#2563eb", "#16a34a", "#9333ea", "#ca8a04", "#0891b2", "#64748b")

Point = tuple[float, float]


def line_chart(
    title: str,
    x_label: str,
    y_label: str,
    series: Mapping[str, Sequence[Point]],
    *,
    log_y: bool = False,
    marks: Mapping[str, float] | None = None,
) -> str:
    """Lines over two axes, as a whole SVG file.

    Args:
        title: above the picture.
        x_label: below it.
        y_label: beside it.
        series: name -> points (x, y) in order; points that are not finite are left out.
        log_y: a logarithmic upward axis; values of 0 are drawn at its foot, which then says 0.
        marks: name -> y of dashed lines across, such as a bar to reach.
    """
    points = [p for line in series.values() for p in line if all(map(math.isfinite, p))]
    marks = marks or {}
    xs = [x for x, _ in points] or [0.0, 1.0]
    ys = [y for _, y in points] + list(marks.values()) or [0.0, 1.0]
    x_low, x_high = min(0.0, *xs), max(1.0, *xs)
    if log_y:
        positive = [y for y in ys if y > 0] or [1.0]
        # Nothing at all has a place of its own, a step below the rest.
        y_low: float = math.floor(math.log10(min(positive))) - (min(ys) <= 0)
        y_high: float = max(y_low + 1, math.ceil(math.log10(max(positive))))
    else:
        y_low, y_high = min(0.0, *ys), max(1.0, *ys)

    def at(x: float, y: float) -> Point:
        level = math.log10(y) if log_y and y > 0 else (y_low if log_y else y)
        right = _LEFT + (x - x_low) / (x_high - x_low) * (_WIDTH - _LEFT - _RIGHT)
        up = (max(level, y_low) - y_low) / (y_high - y_low)
        return right, _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM)

    steps = range(int(y_low), int(y_high) + 1) if log_y else [i / 5 for i in range(6)]
    y_ticks = [10.0**s if log_y else y_low + (y_high - y_low) * s for s in steps]
    x_ticks = [x_low + (x_high - x_low) * i / 5 for i in range(6)]
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_LEFT}" y="20" font-size="14">{escape(title)}</text>',
    ]
    none = y_ticks[0] if log_y and min(ys) <= 0 else None
    for tick in y_ticks:
        (x0, y), (x1, _) = at(x_low, tick), at(x_high, tick)
        out.append(_line(x0, y, x1, y, "#ddd"))
        out.append(
            f'<text x="{x0 - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{_number(tick, none)}</text>'
        )
    for tick in x_ticks:
        x, foot = at(tick, 10.0**y_low if log_y else y_low)
        out.append(f'<text x="{x:.1f}" y="{foot + 16:.1f}" text-anchor="middle">{tick:.2g}</text>')
    for name, level in marks.items():
        (x0, y), (x1, _) = at(x_low, level), at(x_high, level)
        out.append(_line(x0, y, x1, y, "#888", ' stroke-dasharray="5 4"'))
        out.append(f'<text x="{x1 + 8:.1f}" y="{y + 4:.1f}" fill="#666">{escape(name)}</text>')
    for place, (name, line) in enumerate(series.items()):
        color = _COLORS[place % len(_COLORS)]
        drawn = [at(*p) for p in line if all(map(math.isfinite, p))]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
        out.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        if len(drawn) <= 20:
            out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in drawn]
        y = _TOP + 16 * place + 8
        out.append(f'<text x="{_WIDTH - _RIGHT + 14}" y="{y}" fill="{color}">{escape(name)}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    out.append(
        f'<text x="{middle}" y="{_HEIGHT - 12}" text-anchor="middle">{escape(x_label)}</text>'
    )
    out.append(
        f'<text transform="translate(16 {(_HEIGHT + _TOP - _BOTTOM) / 2}) rotate(-90)" '
        f'text-anchor="middle">{escape(y_label)}</text></svg>'
    )
    return "\n".join(out) + "\n"


def _number(tick: float, none: float | None) -> str:
    return "0" if tick == none else f"{tick:.4g}"


def _line(x0: float, y0: float, x1: float, y1: float, color: str, more: str = "") -> str:
    return f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{color}"{more}/>'
