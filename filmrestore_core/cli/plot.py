"""Damage over time as an SVG picture, stacked by class."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from filmrestore_core.matte import DamageClass
from filmrestore_core.report import DamageReport

CLASS_COLORS = {
    DamageClass.DIRT: "#c2410c",
    DamageClass.SPARKLE: "#eab308",
    DamageClass.HAIR: "#16a34a",
    DamageClass.SCRATCH: "#2563eb",
    DamageClass.STAIN: "#9333ea",
    DamageClass.OTHER: "#64748b",
}

_WIDTH, _HEIGHT = 960, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 12, 34
# More columns than this cannot be told apart on a screen: neighbours share one, by their largest.
_MOST_COLUMNS = 440


def damage_plot(reports: Sequence[DamageReport], failed: Sequence[int] = ()) -> str:
    """Covered share of the picture (parts per million) per frame and class, as inline SVG.

    Args:
        reports: in frame order; may be empty.
        failed: frame numbers that did not come out; marked in red below the axis.
    """
    numbers = sorted({r.number for r in reports} | set(failed))
    if not numbers:
        return "<p>No frames.</p>"
    first, last = numbers[0], numbers[-1]
    columns = min(_MOST_COLUMNS, last - first + 1)
    stacks: list[dict[DamageClass, float]] = [{} for _ in range(columns)]
    for report in reports:
        shares = _shares(report)
        column = (report.number - first) * columns // (last - first + 1)
        if sum(shares.values()) > sum(stacks[column].values()):
            stacks[column] = shares
    top = max((sum(s.values()) for s in stacks), default=0.0) or 1.0
    inner_w, inner_h = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    base = _TOP + inner_h
    step = inner_w / columns
    out = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        'aria-label="Damage over time" xmlns="http://www.w3.org/2000/svg">',
        f'<line x1="{_LEFT}" y1="{base}" x2="{_WIDTH - _RIGHT}" y2="{base}" class="axis"/>',
        f'<line x1="{_LEFT}" y1="{_TOP}" x2="{_LEFT}" y2="{base}" class="axis"/>',
    ]
    for share in (0.0, 0.5, 1.0):
        y = base - share * inner_h
        out.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" class="end">{_ppm(top * share)}</text>')
    for column, stack in enumerate(stacks):
        y = float(base)
        for damage_class, value in stack.items():
            height = value / top * inner_h
            y -= height
            out.append(
                f'<rect x="{_LEFT + column * step:.2f}" y="{y:.2f}" '
                f'width="{max(step - 0.4, 0.6):.2f}" '
                f'height="{height:.2f}" fill="{CLASS_COLORS[damage_class]}"/>'
            )
    for number in failed:
        x = _LEFT + ((number - first) + 0.5) / (last - first + 1) * inner_w
        out.append(f'<text x="{x:.1f}" y="{base + 11}" class="failed">&#215;</text>')
    for number in sorted({first, (first + last) // 2, last}):
        x = _LEFT + ((number - first) + 0.5) / (last - first + 1) * inner_w
        out.append(f'<text x="{x:.1f}" y="{_HEIGHT - 6}" class="mid">{escape(str(number))}</text>')
    out.append("</svg>")
    return "".join(out)


def _shares(report: DamageReport) -> dict[DamageClass, float]:
    pixels = max(report.width * report.height, 1)
    return {c: t.area / pixels * 1e6 for c, t in report.totals.items() if t.area}


def _ppm(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == 0 else f"{value:.1f}"
