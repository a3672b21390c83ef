"""What sensitivity costs and gives: the detector alone, at several settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from filmrestore_core.cli.validation.cases import CLEAN
from filmrestore_core.cli.validation.contenders import Engines, clip_of, with_detector
from filmrestore_core.metrics.detection import (
    ObjectOutcome,
    PixelCounts,
    count_pixels,
    false_objects,
    object_outcomes,
)
from filmrestore_core.metrics.evaluate import EvaluationCase, holes
from filmrestore_core.metrics.measured import LARGE_OBJECT
from filmrestore_core.settings import RestoreSettings

# A window is asked for once.
_CACHE_BYTES = 100_000_000

SENSITIVITIES = (0.1, 0.3, 0.5, 0.7, 0.9)


@dataclass(slots=True, eq=False)
class SweepPoint:
    """One sensitivity.

    Attributes:
        damaged: pixels of damaged frames.
        objects: pieces of damage of LARGE_OBJECT px and more.
        clean: pixels of clean frames.
        clean_objects: false objects on them.
        negatives: pixels of clean frames with hard negatives.
    """

    damaged: PixelCounts = field(default_factory=PixelCounts)
    objects: list[ObjectOutcome] = field(default_factory=list)
    clean: PixelCounts = field(default_factory=PixelCounts)
    clean_objects: int = 0
    negatives: PixelCounts = field(default_factory=PixelCounts)

    def document(self) -> dict[str, Any]:
        """Its figures as plain values."""
        found = [o.found for o in self.objects]
        return {
            "precision": _plain(self.damaged.precision),
            "recall": _plain(self.damaged.recall),
            "f1": _plain(self.damaged.f1),
            "objects_found": _plain(float(np.mean(found)) if found else float("nan")),
            "clean_false_px": _plain(self.clean.wrong_per_million),
            "clean_false_objects": _plain(
                1e6 * self.clean_objects / self.clean.pixels if self.clean.pixels else float("nan")
            ),
            "negative_false_px": _plain(self.negatives.wrong_per_million),
        }


class Sweep:
    """Runs the product's detector on the middle frame of each case at every sensitivity."""

    def __init__(
        self,
        settings: RestoreSettings,
        engines: Engines | None = None,
        *,
        negatives: Sequence[str],
        sensitivities: Sequence[float] = SENSITIVITIES,
    ) -> None:
        """Build the detectors.

        Args:
            settings: of the product.
            engines: how it is built.
            negatives: groups of cases that are hard negatives.
            sensitivities: 0 to 1.
        """
        self._negatives = frozenset(negatives)
        build = engines or Engines()
        self._engines = {
            s: build.restorer(with_detector(settings, sensitivity=s), cache_bytes=_CACHE_BYTES)
            for s in sensitivities
        }
        self.points: dict[float, SweepPoint] = {s: SweepPoint() for s in sensitivities}

    def add(self, case: EvaluationCase) -> None:
        """Detect on a case at every sensitivity."""
        clip = clip_of(case)
        # Whole windows lie around it, in a case of five frames; every engine aligns its own.
        index = (len(case.damaged) - 1) // 2
        for sensitivity, engine in self._engines.items():
            coverage = engine.detect(clip, case.first + index).coverage
            engine.forget()
            self._count(self.points[sensitivity], case, index, coverage >= 0.5)

    def document(self) -> Mapping[str, dict[str, Any]]:
        """All points by sensitivity."""
        return {f"{s:g}": point.document() for s, point in self.points.items()}

    def _count(
        self, point: SweepPoint, case: EvaluationCase, index: int, predicted: np.ndarray[Any, Any]
    ) -> None:
        truth, faint = case.truth[index], case.faint[index]
        hole = holes(truth, predicted.shape)
        counted = count_pixels(predicted, hole, ignored=faint)
        if case.group in self._negatives:
            point.negatives += counted
        elif case.group == CLEAN:
            point.clean += counted
            point.clean_objects += false_objects(predicted, hole, ignored=faint)
        else:
            point.damaged += counted
            large = [o for o in object_outcomes(predicted, truth) if o.area >= LARGE_OBJECT]
            point.objects += large


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
