"""One training from data to weights: scenes first, then steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from filmrestore_core.errors import MissingExtraError
from filmrestore_core.learning.samples.store import SampleKind, ScenePlan, SceneStore
from filmrestore_core.learning.training.config import TrainingConfig

TRAIN, VALIDATION = "train", "validation"


def train_net(
    config: TrainingConfig,
    kind: SampleKind,
    *,
    data: Path,
    out: Path,
    scenes: Path,
    start: Path | None = None,
    device: str = "auto",
    threads: int = 0,
    workers: int = 1,
    made: Callable[[str, int, int], None] = lambda side, at, of: None,
    tell: Callable[..., None] = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> dict[str, Any] | None:
    """Make the scenes that are lacking, then train; what was stopped goes on.

    Args:
        config: what to train and how.
        kind: scenes teach a segmenter, holes an inpainter.
        data: folder with clean/video, clean/stills and damage.
        out: for checkpoints and the log.
        scenes: for made-up scenes; runs with equal scene settings may share it.
        start: checkpoint to begin with.
        device: "cpu", "cuda" or "auto".
        threads: of the processor; 0 leaves it to the library.
        workers: processes that make scenes.
        made: called with (side, scenes there, scenes in all).
        tell: called with a trainer.Progress.
        should_stop: asked after every step.

    Returns:
        Figures of the last validation.

    Raises:
        MissingExtraError: torch or safetensors is not installed.
        SettingsError: the data do not suffice, or a folder belongs to another run.
    """
    stores = {}
    for side, count in (
        (VALIDATION, config.scenes.validation),
        (TRAIN, config.scenes.taught),
    ):
        plan = ScenePlan(
            data,
            config.scenes.apart,
            side == VALIDATION,
            config.scenes.seed,
            count,
            kind,
            config.scenes.train if side == TRAIN and config.scenes.fine else None,
            config.scenes.large,
        )
        stores[side] = SceneStore(scenes / side)
        stores[side].make(plan, workers=workers, done=partial(made, side))
    try:
        from filmrestore_core.learning.training.fill_trainer import FillTrainer
        from filmrestore_core.learning.training.trainer import Trainer
    except ImportError as error:
        raise MissingExtraError(
            "Training needs torch and safetensors.", hint="pip install 'filmrestore[train]'"
        ) from error
    made_for = FillTrainer if kind is SampleKind.HOLES else Trainer
    trainer = made_for(
        config,
        stores[TRAIN],
        stores[VALIDATION],
        out,
        device=device,
        threads=threads,
        start=start,
    )
    return trainer.run(tell=tell, should_stop=should_stop)
