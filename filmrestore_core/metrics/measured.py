"""Measured: everything that is measured of a restoration, in sums that add up over frames."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from filmrestore_core.matte import DamageClass
from filmrestore_core.metrics.curves import ScoreCounts
from filmrestore_core.metrics.detection import ObjectOutcome, PixelCounts, size_name, size_names
from filmrestore_core.metrics.fidelity import SquaredError
from filmrestore_core.metrics.grain import FrozenGrain, GrainEnergy
from filmrestore_core.metrics.stability import WarpedDifference

# Objects smaller than this (px) are counted apart.
LARGE_OBJECT = 12

COLUMNS: dict[str, str] = {
    "precision": "share of the predicted pixels that lie on damage (2 px rim)",
    "recall": "share of the visibly damaged pixels that were predicted (2 px rim)",
    "f1": "harmonic mean of the two",
    "by_class": "mean over the classes of each class's recall of pixels",
    "iou": "intersection over union of pixels, no rim",
    "ap": "average precision over all thresholds, where the restorer gives scores",
    "objects_found": "share of damage of 12 px and more that was covered by half or more",
    "false_px": "predicted pixels beyond damage and rim, in a million",
    "changed_px": "pixels changed at all beyond damage and rim, in a million",
    "false_objects": "predicted pieces that touch no damage, in a million pixels",
    "psnr_damaged": "PSNR of the holes before, dB",
    "psnr_hole": "PSNR of the holes, dB",
    "psnr_low": "PSNR of the holes after a blur of 2 px inside them, dB",
    "psnr_filled": "PSNR of what was filled of the holes, dB",
    "low_filled": "the same after a blur of 2 px inside it, dB",
    "ssim_hole": "SSIM at the holes",
    "grain": "high-frequency energy of what was filled over the truth's",
    "frozen": "correlation of fills with a neighbour's grain beyond the truth's (worse side)",
    "flicker": "temporal difference along the motion in what was filled over the truth's",
    "again_px": "pixels that a second pass over the result changes, in a million",
    "again_change": "mean change of those pixels, code values",
    "seconds_per_mp": "seconds for a million pixels of a frame",
}


@dataclass(frozen=True, slots=True)
class ClassPixels:
    """Pixels of one class of damage.

    Attributes:
        found: predicted, or within the rim around a predicted one.
        damaged: all.
    """

    found: int = 0
    damaged: int = 0

    def __add__(self, other: ClassPixels) -> ClassPixels:
        return ClassPixels(self.found + other.found, self.damaged + other.damaged)

    @property
    def recall(self) -> float:
        """Share that was found; NaN where there was none."""
        return self.found / self.damaged if self.damaged else math.nan


@dataclass(frozen=True, slots=True)
class SecondPass:
    """What restoring a result once more changes.

    Attributes:
        changed: pixels that differ at all.
        change: sum of their largest changes of a channel, code values.
        pixels: pixels looked at.
    """

    changed: int = 0
    change: float = 0.0
    pixels: int = 0

    def __add__(self, other: SecondPass) -> SecondPass:
        return SecondPass(
            self.changed + other.changed, self.change + other.change, self.pixels + other.pixels
        )

    @property
    def per_million(self) -> float:
        """Changed pixels in a million."""
        return 1e6 * self.changed / self.pixels if self.pixels else math.nan

    @property
    def mean_change(self) -> float:
        """Mean change of the changed pixels; NaN where there is none."""
        return self.change / self.changed if self.changed else math.nan


@dataclass(slots=True, eq=False)
class Measured:
    """Sums over any number of frames."""

    frames: int = 0
    pixels: PixelCounts = field(default_factory=PixelCounts)
    objects: list[ObjectOutcome] = field(default_factory=list)
    class_pixels: dict[DamageClass, ClassPixels] = field(default_factory=dict)
    false_objects: int = 0
    changed: int = 0
    scores: ScoreCounts | None = None
    damaged_error: SquaredError = field(default_factory=SquaredError)
    hole_error: SquaredError = field(default_factory=SquaredError)
    low_error: SquaredError = field(default_factory=SquaredError)
    filled_error: SquaredError = field(default_factory=SquaredError)
    low_filled_error: SquaredError = field(default_factory=SquaredError)
    ssim_total: float = 0.0
    ssim_pixels: int = 0
    grain: GrainEnergy = field(default_factory=GrainEnergy)
    frozen_before: FrozenGrain = field(default_factory=FrozenGrain)
    frozen_after: FrozenGrain = field(default_factory=FrozenGrain)
    steady: WarpedDifference = field(default_factory=WarpedDifference)
    again: SecondPass | None = None
    seconds: float = 0.0

    def add(self, other: Measured) -> None:
        """Add another's sums."""
        self.frames += other.frames
        self.pixels += other.pixels
        self.objects += other.objects
        for name, counted in other.class_pixels.items():
            self.class_pixels[name] = self.class_pixels.get(name, ClassPixels()) + counted
        self.false_objects += other.false_objects
        self.changed += other.changed
        if other.scores is not None:
            self.scores = ScoreCounts() if self.scores is None else self.scores
            self.scores.merge(other.scores)
        self.damaged_error += other.damaged_error
        self.hole_error += other.hole_error
        self.low_error += other.low_error
        self.filled_error += other.filled_error
        self.low_filled_error += other.low_filled_error
        self.ssim_total += other.ssim_total
        self.ssim_pixels += other.ssim_pixels
        self.grain += other.grain
        self.frozen_before += other.frozen_before
        self.frozen_after += other.frozen_after
        self.steady += other.steady
        if other.again is not None:
            self.again = other.again if self.again is None else self.again + other.again
        self.seconds += other.seconds

    def row(self) -> dict[str, float | None]:
        """The figures of COLUMNS; None where there was nothing to measure."""
        seen = self.pixels.pixels
        per_million = 1e6 / seen if seen else math.nan
        values = {
            "precision": self.pixels.precision,
            "recall": self.pixels.recall,
            "f1": self.pixels.f1,
            "by_class": _mean([c.recall for c in self.class_pixels.values() if c.damaged]),
            "iou": self.pixels.iou,
            "ap": math.nan if self.scores is None else self.scores.average_precision(),
            "objects_found": _found([o for o in self.objects if o.area >= LARGE_OBJECT]),
            "false_px": self.pixels.wrong_per_million,
            "changed_px": self.changed * per_million,
            "false_objects": self.false_objects * per_million,
            "psnr_damaged": self.damaged_error.psnr(),
            "psnr_hole": self.hole_error.psnr(),
            "psnr_low": self.low_error.psnr(),
            "psnr_filled": self.filled_error.psnr(),
            "low_filled": self.low_filled_error.psnr(),
            "ssim_hole": self.ssim_total / self.ssim_pixels if self.ssim_pixels else math.nan,
            "grain": self.grain.ratio,
            "frozen": max(self.frozen_before.excess, self.frozen_after.excess),
            "flicker": self.steady.ratio,
            "again_px": math.nan if self.again is None else self.again.per_million,
            "again_change": math.nan if self.again is None else self.again.mean_change,
            "seconds_per_mp": self.seconds * per_million,
        }
        return {k: float(v) if np.isfinite(v) else None for k, v in values.items()}

    def objects_table(self) -> dict[str, dict[str, tuple[int, int]]]:
        """Class -> size -> (found, all): objects by class and size in px; empty ones left out."""
        table: dict[str, dict[str, tuple[int, int]]] = {}
        for damage_class in DamageClass:
            mine = [o for o in self.objects if o.damage_class is damage_class]
            sizes = {}
            for name in size_names():
                fitting = [o for o in mine if size_name(o.area) == name]
                if fitting:
                    sizes[name] = (sum(o.found for o in fitting), len(fitting))
            if sizes:
                table[damage_class.value] = sizes
        return table


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _found(objects: list[ObjectOutcome]) -> float:
    return sum(o.found for o in objects) / len(objects) if objects else math.nan
