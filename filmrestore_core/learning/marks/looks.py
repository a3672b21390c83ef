"""What nets say of marks by their crops: on marks they never saw, and the one that is shipped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.errors import MissingExtraError, SettingsError
from filmrestore_core.learning.judge.candidates import DAMAGE, NEITHER, Candidates, together
from filmrestore_core.learning.marks.crop_shelf import CropShelf
from filmrestore_core.learning.training.config import TrainingConfig

_FOLDS = 2
_COLUMN = "look"
Tell = Callable[..., None]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Marks of many windows and crops of some."""

    marks: Candidates
    crops: CropShelf


def unseen_looks(
    known: Examples, config: TrainingConfig, out: Path, *, threads: int, tell: Tell
) -> NDArray[np.float64]:
    """(N,) for each mark the logit of a net that saw no clip of its series; NaN without a crop.

    Args:
        known: marks of at least two series.
        config: of the nets' training, but for the length: half of it, from half of the marks.
        out: a folder for each net is made in it; what was stopped goes on.
        threads: of the processor; 0 leaves it to the library.
        tell: called with a trainer.Progress.

    Raises:
        MissingExtraError: torch is not installed.
        SettingsError: there are fewer than two series.
    """
    from sklearn.model_selection import GroupKFold

    series = known.marks.series[known.crops.mark]
    if len(np.unique(series)) < _FOLDS:
        raise SettingsError("All clips are of one series.", hint="give clips of several")
    answer = np.full(len(known.marks.label), np.nan)
    short = config.model_copy(update={"steps": max(1, config.steps // 2)})
    folds = GroupKFold(_FOLDS).split(series, groups=series)
    for index, (taught, unseen) in enumerate(folds):
        trainer = _trainer()(
            short, known.marks, known.crops, taught, unseen, out / f"look_{index}", threads=threads
        )
        trainer.run(tell=tell)
        answer[known.crops.mark[unseen]] = trainer.logits(unseen)
    return answer


def train_look(
    known: Examples,
    validation: Examples,
    config: TrainingConfig,
    out: Path,
    *,
    threads: int,
    tell: Tell,
) -> dict[str, Any] | None:
    """Train the net on all marks, measured on those of clips kept apart; returns its figures.

    Raises:
        MissingExtraError: torch is not installed.
    """
    marks = together([known.marks, validation.marks])
    first, count = len(known.crops.file), len(known.marks.label)
    crops = CropShelf(
        known.crops.files + validation.crops.files,
        np.concatenate([known.crops.file, validation.crops.file + len(known.crops.files)]),
        np.concatenate([known.crops.row, validation.crops.row]),
        np.concatenate([known.crops.mark, validation.crops.mark + count]),
    )
    every = np.arange(len(crops.file))
    trainer = _trainer()(
        config, marks, crops, every[:first], every[first:], out / "look", threads=threads
    )
    figures: dict[str, Any] | None = trainer.run(tell=tell)
    return figures


def with_looks(found: Candidates, look: NDArray[np.float64]) -> Candidates:
    """The marks with what nets say of them as a further column.

    Damage of which nobody made a crop counts as neither; picture of which nobody did was the least
    likely of its window, and its look says nothing.

    Args:
        found: marks.
        look: (N,) logits, NaN without a crop.
    """
    lost = np.isnan(look)
    label = np.where(lost & (found.label == DAMAGE), NEITHER, found.label)
    columns = np.column_stack([found.columns, np.where(lost, 0.0, look)])
    return replace(
        found, columns=columns, label=label.astype(np.int8), names=(*found.names, _COLUMN)
    )


def without_looks(found: Candidates) -> tuple[Candidates, NDArray[np.float64]]:
    """The marks without the column that `with_looks` added, and that column."""
    return replace(found, columns=found.columns[:, :-1], names=found.names[:-1]), found.columns[
        :, -1
    ]


def _trainer() -> Any:
    try:
        from filmrestore_core.learning.marks.mark_trainer import MarkTrainer
    except ImportError as error:
        raise MissingExtraError(
            "Training needs torch and safetensors.", hint="pip install 'filmrestore[train]'"
        ) from error
    return MarkTrainer
