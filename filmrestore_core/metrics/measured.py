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
    "seconds_per_mp": "seconds for a million pixels of a frame",
}


@dataclass(slots=True, eq=False)
class Measured:
    """Sums over any number of frames."""

    frames: int = 0
    pixels: PixelCounts = field(default_factory=PixelCounts)
    objects: list[ObjectOutcome] = field(default_factory=list)
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
    seconds: float = 0.0

    def add(self, other: Measured) -> None:
        """Add another's sums."""
        self.frames += other.frames
        self.pixels += other.pixels
        self.objects += other.objects
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
        self.seconds += other.seconds

    def row(self) -> dict[str, float | None]:
        """The figures of COLUMNS; None where there was nothing to measure."""
        seen = self.pixels.pixels
        per_million = 1e6 / seen if seen else math.nan
        values = {
            "precision": self.pixels.precision,
            "recall": self.pixels.recall,
            "f1": self.pixels.f1,
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


def _found(objects: list[ObjectOutcome]) -> float:
    return sum(o.found for o in objects) / len(objects) if objects else math.nan
