"""Entry: one line of the validation table before it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.metrics.evaluate import Contender, EvaluationCase, RestoredPicture

# A filter of whole frames names no holes: where it changes a code value by more than this, it
# took it for damage.
_TAKEN_FOR_DAMAGE = 0.04


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table before it runs.

    Attributes:
        contender: what runs; None where it cannot.
        about: what it is, or why it cannot run, as a clause.
    """

    contender: Contender | None
    about: str


def filtered(
    case: EvaluationCase, pictures: Sequence[NDArray[np.float32]]
) -> list[RestoredPicture]:
    """What a filter of whole frames made; where it changed much, it took it for damage."""
    return [
        RestoredPicture(
            made,
            (np.abs(made - damaged).max(axis=-1) > _TAKEN_FOR_DAMAGE).astype(np.float32),
        )
        for made, damaged in zip(pictures, case.damaged, strict=True)
    ]
