"""The comparison as Markdown and as plain values."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from filmrestore_core.learning.compare_fills.figures import COLUMNS, HoleFigures, row_of
from filmrestore_core.learning.compare_fills.hole_crops import SIZES, HoleKind

TITLES = {
    "psnr": "PSNR",
    "low": "low-passed",
    "low_mean": "low-passed, mean",
    "ssim": "SSIM",
    "grain": "grain",
    "grain_mid": "grain, median",
    "sharpness": "sharpness",
    "sharp_mid": "sharpness, median",
}
_FORMATS = {"psnr": ".2f", "low": ".2f", "low_mean": ".2f", "ssim": ".3f"}
_MEANINGS = {
    HoleKind.SHOWN: "a neighbour shows half of the hole or more, and rightly",
    HoleKind.MISLED: "a neighbour seems to, but shows overlooked damage or was moved wrongly",
    HoleKind.UNSHOWN: "no neighbour shows half of it",
}


@dataclass(frozen=True, slots=True)
class CandidateResult:
    """What was measured of one candidate.

    Attributes:
        name, about, parameters, slow: the candidate's own.
        seconds: of the processor, filling all crops on one thread.
        megapixels: of those crops.
        holes: figures of each hole.
        perceptual: metric -> a value for each crop.
    """

    name: str
    about: str
    parameters: int | None
    slow: bool
    seconds: float
    megapixels: float
    holes: tuple[HoleFigures, ...]
    perceptual: dict[str, list[float]] = field(default_factory=dict)

    @property
    def pace(self) -> float:
        """Seconds for a million pixels of hole crops."""
        return self.seconds / self.megapixels if self.megapixels else math.nan


def groups() -> dict[str, Callable[[HoleFigures], bool]]:
    """Title -> which holes belong to it."""
    found: dict[str, Callable[[HoleFigures], bool]] = {"all holes": lambda h: True}
    for size, *_ in SIZES:
        found[f"{size}, shown"] = _of(HoleKind.SHOWN, size)
    for kind in (HoleKind.MISLED, HoleKind.UNSHOWN):
        found[kind.value] = _of(kind, None)
    largest = SIZES[-1][0]
    found[f"{largest} or not shown"] = lambda h: h.size == largest or h.kind != HoleKind.SHOWN.value
    return found


def table_markdown(results: Sequence[CandidateResult], notes: Sequence[str] = ()) -> str:
    """All tables; candidates that were run on few crops stand in tables of their own.

    Args:
        results: the candidates, in the order of the rows.
        notes: sentences that stand below.
    """
    quick = [r for r in results if not r.slow]
    lines = ["# Ways of filling, on the same holes", ""]
    lines += [*_legend(), "", *_costs(results)]
    lines += _tables(quick, "")
    few = _crops_of([r for r in results if r.slow])
    if few:
        lines += ["", f"## On the {len(few)} crops that the slow ones were run on too", ""]
        lines += _tables([_within(r, few) for r in results], " (few crops)")
    lines += _perceptual(quick)
    lines += ["", *notes] if notes else []
    return "\n".join(lines) + "\n"


def document(results: Sequence[CandidateResult]) -> dict[str, Any]:
    """The same as plain values."""
    made: dict[str, Any] = {"columns": COLUMNS, "candidates": {}}
    few = _crops_of([r for r in results if r.slow])
    for result in results:
        sides = {"": result} | ({"few crops": _within(result, few)} if few else {})
        made["candidates"][result.name] = {
            "about": result.about,
            "parameters": result.parameters,
            "seconds per megapixel": None if math.isnan(result.pace) else round(result.pace, 4),
            "perceptual": {n: sum(v) / len(v) for n, v in result.perceptual.items() if v},
            "groups": {
                f"{title} ({name})" if name else title: {
                    "holes": len(those),
                    "pixels": sum(h.pixels for h in those),
                    **row_of(those),
                }
                for name, side in sides.items()
                for title, belongs in groups().items()
                if (those := [h for h in side.holes if belongs(h)])
            },
        }
    return made


def _tables(results: Sequence[CandidateResult], further: str) -> list[str]:
    lines: list[str] = []
    for title, belongs in groups().items():
        sides = {r.name: [h for h in r.holes if belongs(h)] for r in results}
        counted = {name: holes for name, holes in sides.items() if holes}
        if not counted:
            continue
        most = max(len(holes) for holes in counted.values())
        pixels = max(sum(h.pixels for h in holes) for holes in counted.values())
        lines += [
            "",
            f"### {title[0].upper()}{title[1:]}{further}: {most} holes, {pixels:,} px",
            "",
        ]
        lines += [f"| fill | {' | '.join(TITLES.values())} |", "|---" * (len(TITLES) + 1) + "|"]
        for name, holes in counted.items():
            row = row_of(holes)
            cells = [_cell(column, row[column]) for column in TITLES]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _costs(results: Sequence[CandidateResult]) -> list[str]:
    lines = [
        "| fill | what it is | parameters | seconds per megapixel of hole crops, one thread |",
        "|---|---|---|---|",
    ]
    for r in results:
        count = "-" if r.parameters is None else f"{r.parameters:,}"
        pace = "-" if math.isnan(r.pace) or r.pace < 0.005 else f"{r.pace:.2f}"
        lines.append(f"| {r.name} | {r.about} | {count} | {pace} |")
    return lines


def _legend() -> list[str]:
    told = [f"- {TITLES[name]}: {text}" for name, text in COLUMNS.items()]
    return [*told, *(f"- {kind.value}: {text}" for kind, text in _MEANINGS.items())]


def _perceptual(results: Sequence[CandidateResult]) -> list[str]:
    names = list(dict.fromkeys(n for r in results for n in r.perceptual))
    if not names:
        return []
    lines = ["", "### By pyiqa, mean over crops with the finished fills in the true picture", ""]
    lines += [f"| fill | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for r in results:
        means = [r.perceptual.get(n) or [math.nan] for n in names]
        cells = [f"{sum(v) / len(v):.4f}" for v in means]
        lines.append(f"| {r.name} | {' | '.join(cells)} |")
    return lines


def _of(kind: HoleKind, size: str | None) -> Callable[[HoleFigures], bool]:
    return lambda h: h.kind == kind.value and (size is None or h.size == size)


def _crops_of(results: Sequence[CandidateResult]) -> set[tuple[int, int]]:
    return {(h.window, h.crop) for r in results for h in r.holes}


def _within(result: CandidateResult, crops: set[tuple[int, int]]) -> CandidateResult:
    kept = tuple(h for h in result.holes if (h.window, h.crop) in crops)
    return CandidateResult(
        result.name, result.about, result.parameters, result.slow, 0.0, 0.0, kept
    )


def _cell(column: str, value: float | None) -> str:
    return "-" if value is None else format(value, _FORMATS.get(column, ".2f"))
