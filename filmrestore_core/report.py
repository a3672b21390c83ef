"""DamageReport and ClipReport: what was found and done, for machines and for the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from filmrestore_core.box import Box
from filmrestore_core.matte import DamageClass, Defect

REPORT_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class ClassTotal:
    """Damage of one class.

    Attributes:
        count: connected pieces.
        area: pixels with coverage of at least one half.
    """

    count: int = 0
    area: int = 0


@dataclass(frozen=True, slots=True)
class RepairCost:
    """What one way of filling cost in a frame.

    Attributes:
        holes: holes it worked on: one for each connected piece of what it filled.
        area: pixels it filled.
        tiles: pixels of the crops it looked at, 0 where it has none; a hole's surroundings count.
        seconds: time it took, on the machine that ran it; no part of what makes reports equal.
    """

    holes: int = 0
    area: int = 0
    tiles: int = 0
    seconds: float = field(default=0.0, compare=False)

    def __add__(self, other: RepairCost) -> RepairCost:
        """Both together."""
        return RepairCost(
            self.holes + other.holes,
            self.area + other.area,
            self.tiles + other.tiles,
            self.seconds + other.seconds,
        )

    @property
    def seconds_per_hole(self) -> float:
        """0 where there is no hole."""
        return self.seconds / self.holes if self.holes else 0.0

    @property
    def seconds_per_megapixel(self) -> float:
        """Of crops; 0 where there are none."""
        return self.seconds / self.tiles * 1e6 if self.tiles else 0.0

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "holes": self.holes,
            "px": self.area,
            "tiles_px": self.tiles,
            "seconds": round(self.seconds, 4),
            "seconds_per_hole": round(self.seconds_per_hole, 4),
            "seconds_per_megapixel_of_tiles": round(self.seconds_per_megapixel, 3),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RepairCost:
        """What `to_json` gave.

        Raises:
            KeyError, TypeError, ValueError: the values are not such.
        """
        return cls(
            int(values["holes"]),
            int(values["px"]),
            int(values["tiles_px"]),
            float(values["seconds"]),
        )


@dataclass(frozen=True, slots=True)
class DamageReport:
    """What was found in one frame and what was done about it.

    Attributes:
        number: frame number.
        width: of the picture, pixels.
        height: of the picture, pixels.
        defects: every connected piece, in reading order.
        covered: pixels with any coverage.
        repaired: covered pixels that were replaced.
        methods: repair method -> pixels it filled.
        costs: way of filling -> what it cost: "first fill" (neighbours and surroundings), "net",
            "diffusion".
        window: frame numbers that were looked at, the frame's own included.
        shot: first and last number of the shot as far as it was looked for.
        encoding: name of the encoding the samples were read in.
        notes: what the user should know; each one sentence.
    """

    number: int
    width: int
    height: int
    defects: tuple[Defect, ...] = ()
    covered: int = 0
    repaired: int = 0
    methods: Mapping[str, int] = field(default_factory=dict)
    costs: Mapping[str, RepairCost] = field(default_factory=dict)
    window: tuple[int, ...] = ()
    shot: tuple[int, int] | None = None
    encoding: str = ""
    notes: tuple[str, ...] = ()

    @property
    def totals(self) -> dict[DamageClass, ClassTotal]:
        """Count and area per class that occurs, in DamageClass order."""
        result: dict[DamageClass, ClassTotal] = {}
        for damage_class in DamageClass:
            of_class = [d for d in self.defects if d.damage_class is damage_class]
            if of_class:
                result[damage_class] = ClassTotal(len(of_class), sum(d.area for d in of_class))
        return result

    def to_json(self) -> dict[str, Any]:
        """As plain values; `DamageReport.from_json` reads it back."""
        return {
            "frame": self.number,
            "width": self.width,
            "height": self.height,
            "covered_px": self.covered,
            "repaired_px": self.repaired,
            "methods_px": dict(self.methods),
            "costs": {name: cost.to_json() for name, cost in self.costs.items()},
            "classes": {str(c): asdict(t) for c, t in self.totals.items()},
            "defects": [
                {
                    "class": str(d.damage_class),
                    "box": [d.box.x, d.box.y, d.box.width, d.box.height],
                    "area": d.area,
                    "score": round(d.score, 4),
                }
                for d in self.defects
            ],
            "window": list(self.window),
            "shot": None if self.shot is None else list(self.shot),
            "encoding": self.encoding,
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> DamageReport:
        """The report that `to_json` gave.

        Raises:
            KeyError, TypeError, ValueError: the values are not such a report.
        """
        shot = values["shot"]
        return cls(
            number=int(values["frame"]),
            width=int(values["width"]),
            height=int(values["height"]),
            defects=tuple(
                Defect(DamageClass(d["class"]), Box(*d["box"]), int(d["area"]), float(d["score"]))
                for d in values["defects"]
            ),
            covered=int(values["covered_px"]),
            repaired=int(values["repaired_px"]),
            methods=dict(values["methods_px"]),
            # Reports of earlier versions know no costs.
            costs={n: RepairCost.from_json(c) for n, c in dict(values.get("costs", {})).items()},
            window=tuple(values["window"]),
            shot=None if shot is None else (int(shot[0]), int(shot[1])),
            encoding=str(values["encoding"]),
            notes=tuple(values["notes"]),
        )


@dataclass(frozen=True, slots=True)
class FailedFrame:
    """A frame that did not come out.

    Attributes:
        number: frame number.
        reason: the error's sentence.
    """

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class ClipReport:
    """A whole run.

    Attributes:
        source: what was restored, as the user wrote it.
        target: where it went.
        frames: reports in frame order.
        failed: frames that did not come out.
        missing: numbers inside the wanted range that the clip does not have.
        settings: RestoreSettings as plain values.
        settings_digest: their digest.
        versions: library -> version.
        notes: about the run as a whole.
    """

    source: str
    target: str
    frames: tuple[DamageReport, ...]
    failed: tuple[FailedFrame, ...] = ()
    missing: tuple[int, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    settings_digest: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def totals(self) -> dict[DamageClass, ClassTotal]:
        """Count and area per class over all frames."""
        return sum_totals(report.totals for report in self.frames)

    @property
    def costs(self) -> dict[str, RepairCost]:
        """What each way of filling cost over all frames."""
        sums: dict[str, RepairCost] = {}
        for report in self.frames:
            for name, cost in report.costs.items():
                sums[name] = sums.get(name, RepairCost()) + cost
        return sums

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "schema": REPORT_SCHEMA,
            "source": self.source,
            "target": self.target,
            "settings_digest": self.settings_digest,
            "settings": dict(self.settings),
            "versions": dict(self.versions),
            "totals": {
                "frames": len(self.frames),
                "frames_with_damage": sum(1 for f in self.frames if f.covered),
                "covered_px": sum(f.covered for f in self.frames),
                "repaired_px": sum(f.repaired for f in self.frames),
                "classes": {str(c): asdict(t) for c, t in self.totals.items()},
                "costs": {name: cost.to_json() for name, cost in self.costs.items()},
            },
            "failed": [asdict(f) for f in self.failed],
            "missing": list(self.missing),
            "notes": list(self.notes),
            "frames": [f.to_json() for f in self.frames],
        }


def sum_totals(
    parts: Iterable[Mapping[DamageClass, ClassTotal]],
) -> dict[DamageClass, ClassTotal]:
    """Totals of several frames added up, in DamageClass order."""
    sums: dict[DamageClass, ClassTotal] = {}
    for totals in parts:
        for damage_class, total in totals.items():
            old = sums.get(damage_class, ClassTotal())
            sums[damage_class] = ClassTotal(old.count + total.count, old.area + total.area)
    return {c: sums[c] for c in DamageClass if c in sums}
