"""ShotResult: what came of one shot, as the result document tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from filmrestore_core import DamageReport, SequencePattern
from filmrestore_resolve.job import Handles, Shot

MOST_WORST = 5


class ShotState(StrEnum):
    """How a shot ended."""

    DONE = "done"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    CANCELLED = "cancelled"


class How(StrEnum):
    """Where its frames came from."""

    RENDERED = "rendered"
    REUSED = "reused"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Files:
    """Numbered files: pictures or mattes.

    Attributes:
        pattern: their folder and names.
        first: first number.
        last: last number.
    """

    pattern: SequencePattern
    first: int
    last: int

    def to_json(self) -> dict[str, Any]:
        """As plain values; a file without a number in its name has padding 0."""
        p = self.pattern
        width = p.width or 0
        number = "" if p.width is None else f"%0{width}d" if width > 1 else "%d"
        return {
            "folder": str(p.folder),
            "pattern": f"{p.prefix.replace('%', '%%')}{number}{p.suffix.replace('%', '%%')}",
            "prefix": p.prefix,
            "padding": width,
            "suffix": p.suffix,
            "first_file": str(p.path(self.first)),
            "first": self.first,
            "last": self.last,
        }


@dataclass(frozen=True, slots=True)
class ShotResult:
    """What came of a shot.

    Attributes:
        shot: as the job says it.
        state: how it ended.
        how: where its frames came from; None where there are none.
        same_as: key of the shot that it shares its frames with.
        message: why it failed, or "".
        files: the pictures; None where the shot did not come so far.
        matte: the mattes; None where none are wanted.
        handles: those that came out.
        reports: of whole frames, in frame order.
        reused: frames that were there already.
        errors: frame number -> sentence.
        missing: frames that the media lacks.
        notes: about the shot as a whole.
        report: its report, FILE.json; the page stands beside it.
    """

    shot: Shot
    state: ShotState
    how: How | None = None
    same_as: str | None = None
    message: str = ""
    files: Files | None = None
    matte: Files | None = None
    handles: Handles = field(default_factory=Handles)
    reports: Sequence[DamageReport] = ()
    reused: int = 0
    errors: Mapping[int, str] = field(default_factory=dict)
    missing: Sequence[int] = ()
    notes: Sequence[str] = ()
    report: Path | None = None

    @property
    def damaged(self) -> list[DamageReport]:
        """Frames with damage, in frame order."""
        return [r for r in self.reports if r.covered]

    @property
    def counts(self) -> dict[str, int]:
        """How many frames were wanted, came out, and so on."""
        wanted = self.shot.last - self.shot.first + 1 + self.handles.head + self.handles.tail
        return {
            "wanted": wanted,
            "whole": len(self.reports),
            "rendered": len(self.reports) - self.reused,
            "reused": self.reused,
            "touched": sum(1 for r in self.reports if r.repaired),
            "failed": len(self.errors) - len(self.missing),
            "missing": len(self.missing),
        }

    @property
    def classes(self) -> dict[str, int]:
        """Pieces of damage by class."""
        found: dict[str, int] = {}
        for report in self.reports:
            for defect in report.defects:
                name = str(defect.damage_class)
                found[name] = found.get(name, 0) + 1
        return dict(sorted(found.items()))

    @property
    def area_percent(self) -> float:
        """Covered pixels of all pixels of the whole frames, percent."""
        pixels = sum(r.width * r.height for r in self.reports)
        covered = sum(r.covered for r in self.reports)
        return round(100 * covered / pixels, 6) if pixels else 0.0

    def to_json(self) -> dict[str, Any]:
        """As plain values; see JOB.md."""
        shot = self.shot
        size = next(((r.width, r.height) for r in self.reports if r.width), None)
        worst = sorted(self.damaged, key=lambda r: (-r.covered, r.number))[:MOST_WORST]
        values: dict[str, Any] = {
            "key": shot.key,
            "name": shot.name,
            "state": str(self.state),
            "how": None if self.how is None else str(self.how),
            "same_as": self.same_as,
            "message": self.message,
            "source": shot.source.model_dump(mode="json"),
            "cut": {"first": shot.first, "last": shot.last},
            "handles": self.handles.model_dump(),
            "size": None if size is None else {"width": size[0], "height": size[1]},
            "frames": self.counts,
            "objects": sum(len(r.defects) for r in self.reports),
            "classes": self.classes,
            "covered_px": sum(r.covered for r in self.reports),
            "repaired_px": sum(r.repaired for r in self.reports),
            "area_percent": self.area_percent,
            "worst": [_short(r) for r in worst],
            "damage": [{**_short(r), "repaired_px": r.repaired} for r in self.damaged],
            "errors": {str(n): self.errors[n] for n in sorted(self.errors)},
            "notes": list(self.notes),
            "matte": None if self.matte is None else self.matte.to_json(),
            "report_json": None if self.report is None else str(self.report),
            "report_html": None if self.report is None else str(self.report.with_suffix(".html")),
        }
        nothing = dict.fromkeys(
            ("folder", "pattern", "prefix", "padding", "suffix", "first_file", "first", "last")
        )
        return values | (nothing if self.files is None else self.files.to_json())


def _short(report: DamageReport) -> dict[str, Any]:
    pixels = report.width * report.height
    return {
        "frame": report.number,
        "objects": len(report.defects),
        "covered_px": report.covered,
        "area_percent": round(100 * report.covered / pixels, 6) if pixels else 0.0,
    }
