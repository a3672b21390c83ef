"""Whether the adapted weights are better for the film, and the report that says so."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filmrestore_core.learning.adapt.plan import Extent
from filmrestore_core.learning.training.scoring import LEAST_AREA
from filmrestore_core.models.whole_file import write_whole

REPORT, REPORT_DATA = "adapt.md", "adapt.json"
# F1 must rise by so much: held-out windows are few, less is chance.
LEAST_GAIN = 0.01
# Share of objects that may be lost.
MOST_LOST = 0.01
# Further false pixels per million.
MOST_FALSE = 20.0

GAIN = "gain"
NO_GAIN = "no gain: the shipped weights stay better for this film"


@dataclass(frozen=True, slots=True)
class Figures:
    """How weights did on the held-out windows, at the score that standard sensitivity asks for.

    Attributes:
        f1, precision, recall: of pixels.
        objects: share found of the objects of LEAST_AREA px and more.
        false_px: per million, on windows without damage.
    """

    f1: float
    precision: float
    recall: float
    objects: float
    false_px: float

    @classmethod
    def of(cls, row: dict[str, Any]) -> Figures:
        """Figures from a row of `score_net`."""
        return cls(*(float(row[k]) for k in ("f1", "precision", "recall", "objects", "false_px")))


@dataclass(frozen=True, slots=True)
class Adapted:
    """What an adaptation came to.

    Attributes:
        film: its name.
        model: whose weights it began with.
        extent: how much was done.
        usable: share of the film's picture that counted as undamaged.
        before, after: figures on held-out windows of the film.
        threshold: score from which a pixel counted as found.
    """

    film: str
    model: str
    extent: Extent
    usable: float
    before: Figures
    after: Figures
    threshold: float

    @property
    def gained(self) -> bool:
        """Whether the adapted weights are to be kept."""
        return (
            self.after.f1 >= self.before.f1 + LEAST_GAIN
            and self.after.objects >= self.before.objects - MOST_LOST
            and self.after.false_px <= self.before.false_px + MOST_FALSE
        )

    @property
    def verdict(self) -> str:
        """In words."""
        return GAIN if self.gained else NO_GAIN

    def values(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self) | {"verdict": self.verdict, "gained": self.gained}

    @classmethod
    def of(cls, values: dict[str, Any]) -> Adapted:
        """From `values`."""
        return cls(
            film=str(values["film"]),
            model=str(values["model"]),
            extent=Extent(**values["extent"]),
            usable=float(values["usable"]),
            before=Figures(**values["before"]),
            after=Figures(**values["after"]),
            threshold=float(values["threshold"]),
        )

    def markdown(self) -> str:
        """The report."""
        rows = [
            f"# {Path(self.film).name}: {self.verdict}",
            "",
            f"Weights of {self.model}, taught {self.extent.steps} steps on {self.extent.learned} "
            f"windows of the film and measured on {self.extent.held_out} others, whose frames it "
            f"never saw. Damage was laid on where the film has none of its own "
            f"({100 * self.usable:.0f} % of the picture). A pixel counts as found from a score of "
            f"{self.threshold:g}.",
            "",
            f"| weights | F1 | precision | recall | objects of {LEAST_AREA} px and more found | "
            "false px/million where there is no damage |",
            "|---|---|---|---|---|---|",
        ]
        for name, f in (("before", self.before), ("after", self.after)):
            rows.append(
                f"| {name} | {f.f1:.3f} | {f.precision:.3f} | {f.recall:.3f} | {f.objects:.3f} | "
                f"{f.false_px:.0f} |"
            )
        rows += [
            "",
            f"A gain is one of {LEAST_GAIN:g} in F1 and more, with at most {MOST_LOST:g} of the "
            f"objects lost and {MOST_FALSE:g} further false pixels. Places where the film may be "
            "damaged already count on neither side, so `before` is flattered there.",
        ]
        return "\n".join(rows) + "\n"


def write_report(folder: Path, adapted: Adapted) -> None:
    """Write adapt.md and adapt.json."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / REPORT, adapted.markdown().encode())
    write_whole(folder / REPORT_DATA, json.dumps(adapted.values(), indent=1).encode())


def read_report(folder: Path) -> Adapted | None:
    """The report in a folder; None where there is none yet, or it cannot be read."""
    try:
        return Adapted.of(json.loads((folder / REPORT_DATA).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None
