"""DamageClass, DamageMap, Defect, Matte: where the film is damaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.frame import frozen_array


class DamageClass(StrEnum):
    """Kinds of damage; the order is the order of channels in a DamageMap and of labels."""

    DIRT = "dirt"  # dark specks
    SPARKLE = "sparkle"  # bright specks: dust on the negative
    HAIR = "hair"
    SCRATCH = "scratch"
    STAIN = "stain"
    OTHER = "other"  # covered by a matte from outside; no detector gives it

    @property
    def label(self) -> int:
        """Value in a matte's label plane: 1 for dirt, 2 for sparkle, ..."""
        return list(DamageClass).index(self) + 1


DETECTED_CLASSES: tuple[DamageClass, ...] = (
    DamageClass.DIRT,
    DamageClass.SPARKLE,
    DamageClass.HAIR,
    DamageClass.SCRATCH,
    DamageClass.STAIN,
)


@dataclass(frozen=True, slots=True, eq=False)
class DamageMap:
    """A segmenter's scores for one frame.

    Attributes:
        number: frame number.
        scores: class -> (H, W) float32, 0 (surely picture) to 1 (surely damage); 0.5 is the
            operating point of sensitivity 0.5. A class that the segmenter cannot see is absent.
        box: where [0, 0] lies (the plate's box).
    """

    number: int
    scores: Mapping[DamageClass, NDArray[np.float32]]
    box: Box

    def __post_init__(self) -> None:
        """Freeze the arrays.

        Raises:
            ValueError: a score plane does not fit the box.
        """
        for name, plane in self.scores.items():
            if plane.shape != self.box.shape or plane.dtype != np.float32:
                raise ValueError(f"Scores of {name} are {plane.shape}, the box is {self.box}.")
            frozen_array(plane)


@dataclass(frozen=True, slots=True)
class Defect:
    """One connected piece of damage.

    Attributes:
        damage_class: what it is.
        box: where it lies, in the clip's coordinates.
        area: pixels with coverage of at least one half.
        score: highest score inside, 0 to 1.
    """

    damage_class: DamageClass
    box: Box
    area: int
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Matte:
    """What of a frame will be replaced.

    Attributes:
        number: frame number.
        coverage: (H, W) float32, 0 (keep the stored sample) to 1 (replace it).
        labels: (H, W) uint8, DamageClass.label of each covered pixel, 0 where coverage is 0.
        box: where [0, 0] lies.
        defects: the connected pieces, in reading order of their boxes (top, then left).
    """

    number: int
    coverage: NDArray[np.float32]
    labels: NDArray[np.uint8]
    box: Box
    defects: tuple[Defect, ...] = ()

    def __post_init__(self) -> None:
        """Freeze the arrays.

        Raises:
            ValueError: a plane does not fit the box.
        """
        if self.coverage.shape != self.box.shape or self.labels.shape != self.box.shape:
            raise ValueError(f"The matte's arrays {self.coverage.shape} do not fit {self.box}.")
        frozen_array(self.coverage)
        frozen_array(self.labels)

    @classmethod
    def empty(cls, number: int, box: Box) -> Matte:
        """A matte that covers nothing."""
        return cls(number, np.zeros(box.shape, np.float32), np.zeros(box.shape, np.uint8), box)

    @property
    def is_empty(self) -> bool:
        """True where no pixel is covered at all."""
        return not bool(np.any(self.coverage > 0))
