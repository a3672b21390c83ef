"""One training from data to weights: scenes first, then steps."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filmrestore_core.errors import MissingExtraError
from filmrestore_core.learning.samples.store import SampleKind, ScenePlan, SceneStore
from filmrestore_core.learning.training.config import TrainingConfig

if TYPE_CHECKING:
    from filmrestore_core.learning.training.trainer import Trainer

TRAIN, VALIDATION = "train", "validation"


class Lesson(StrEnum):
    """What is taught; it says what the samples are and which trainer teaches."""

    SEGMENTER = "segmenter"
    INPAINTER = "inpainter"
    PRIOR = "prior"
    DIFFUSION = "diffusion"

    @property
    def samples(self) -> SampleKind:
        """What is made of a window."""
        taught_by_scenes = self in (Lesson.SEGMENTER, Lesson.PRIOR)
        return SampleKind.SCENES if taught_by_scenes else SampleKind.HOLES


def train_net(
    config: TrainingConfig,
    lesson: Lesson,
    *,
    data: Path,
    out: Path,
    scenes: Path,
    start: Path | None = None,
    prior: Path | None = None,
    base: Path | None = None,
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
        lesson: what is taught.
        data: folder with clean/video, clean/stills and damage.
        out: for checkpoints and the log.
        scenes: for made-up scenes; runs with equal scene settings may share it.
        start: checkpoint to begin with.
        prior: checkpoint of a film prior, for a loss that asks one.
        base: of diffusion: checkpoint of a filling net, whose answer takes the first fill's place.
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
            lesson.samples,
            config.scenes.train if side == TRAIN and config.scenes.fine else None,
            config.scenes.large,
        )
        stores[side] = SceneStore(scenes / side)
        stores[side].make(plan, workers=workers, done=partial(made, side))
    trainer = _trainer_of(lesson, config, prior, base)(
        config,
        stores[TRAIN],
        stores[VALIDATION],
        out,
        device=device,
        threads=threads,
        start=start,
    )
    return trainer.run(tell=tell, should_stop=should_stop)


def _trainer_of(
    lesson: Lesson, config: TrainingConfig, prior: Path | None, base: Path | None
) -> Callable[..., Trainer]:
    try:
        from filmrestore_core.learning.training.diffusing_trainer import DiffusingTrainer
        from filmrestore_core.learning.training.fill_trainer import FillTrainer
        from filmrestore_core.learning.training.prior_trainer import PriorTrainer
        from filmrestore_core.learning.training.trainer import Trainer
        from filmrestore_core.learning.training.two_stage_trainer import TwoStageTrainer
    except ImportError as error:
        raise MissingExtraError(
            "Training needs torch and safetensors.", hint="pip install 'filmrestore[train]'"
        ) from error
    if lesson is Lesson.INPAINTER:
        return partial(TwoStageTrainer if config.two_stage else FillTrainer, prior=prior)
    if lesson is Lesson.DIFFUSION:
        return partial(DiffusingTrainer, base=base)
    return {Lesson.SEGMENTER: Trainer, Lesson.PRIOR: PriorTrainer}[lesson]
