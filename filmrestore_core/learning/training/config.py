"""TrainingConfig: everything that decides what a training gives, but for the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from filmrestore_core.errors import SettingsError
from filmrestore_core.yamlfile import read_yaml


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SceneSettings(_Section):
    """How many made-up scenes there are, and what is kept apart."""

    train: int = Field(2000, ge=4, description="Scenes to learn from.")
    fine: int = Field(0, ge=0, description="Further ones with smaller damage.")
    large: int = Field(
        0, ge=0, description="Of holes: one window in this many has large and lasting damage."
    )
    validation: int = Field(120, ge=2, description="Scenes to measure with.")
    seed: int = Field(1, ge=0, description="Of the scenes.")
    apart: tuple[str, ...] = Field(
        (), description="Clips or series of clips that only validate; none: every sixth clip."
    )

    @property
    def taught(self) -> int:
        """All scenes to learn from."""
        return self.train + self.fine


class DiffLossSettings(_Section):
    """How a filling net is judged by a film prior; see diffloss.DiffLoss."""

    natural: float = Field(0.0, ge=0, description="Weight of the noise that the prior sees.")
    semantic: float = Field(0.0, ge=0, description="Weight of its bottleneck.")
    crop: int = Field(64, ge=32, multiple_of=8, description="Side of what it is shown, px.")
    every: int = Field(1, ge=1, description="Steps from one judgement to the next.")


class TwoStageSettings(_Section):
    """How a net is trained whose code has to be guessed; see two_stage_trainer."""

    first: int = Field(ge=1, description="Steps with a code that knows the truth.")
    likeness: float = Field(
        0.2, ge=0, description="Later: weight of the distance of guess and that code."
    )


class TrainingConfig(_Section):
    """A training run."""

    net: dict[str, Any] = Field(description="The net: its name, planes and widths.")
    scenes: SceneSettings = SceneSettings()
    seed: int = Field(1, ge=0, description="Of first weights and of the order of samples.")
    steps: int = Field(12000, ge=1)
    batch: int = Field(8, ge=1)
    crop: int = Field(192, ge=32, multiple_of=16, description="Side of a sample, px.")
    hard: float = Field(
        0.0, ge=0, le=1, description="Share of samples cut where the first weights are wrong."
    )
    halved: float = Field(0.0, ge=0, le=1, description="Share of samples brought to half the size.")
    rate: float = Field(2e-3, gt=0, description="Highest learning rate.")
    warm_up: int = Field(200, ge=0, description="Steps until then.")
    decay: float = Field(1e-4, ge=0, description="Weight decay.")
    average: float = Field(0.998, ge=0, lt=1, description="Of the weights that are kept (EMA).")
    positive: float = Field(2.0, gt=0, description="How much more a damaged pixel counts.")
    dice: float = Field(0.5, ge=0, description="Share of the soft Dice loss.")
    kinds: float = Field(0.3, ge=0, description="Share of the loss on the class.")
    fine: float = Field(0.4, ge=0, description="Of a filling net: share of the loss with grain.")
    even: float | None = Field(
        None, ge=0, le=1, description="Of diffusion: how far crops of little contrast count more."
    )
    diffloss: DiffLossSettings | None = Field(
        None, description="Of a filling net: how it is judged by a film prior; none: not at all."
    )
    two_stage: TwoStageSettings | None = Field(
        None, description="Of a net of two stages, and only of such a one."
    )
    every: int = Field(1000, ge=1, description="Steps between validations.")
    save_every: int = Field(200, ge=1, description="Steps between checkpoints.")
    mixed: bool = Field(True, description="bfloat16 where a GPU has it; a CPU computes in float32.")


def read_config(path: Path) -> TrainingConfig:
    """The configuration in a YAML file.

    Raises:
        SettingsError: it cannot be read, or a key or value is not known.
    """
    document = read_yaml(path)
    try:
        return TrainingConfig.model_validate(dict(document.values))
    except ValidationError as error:
        first = error.errors()[0]
        key = tuple(str(part) for part in first["loc"])
        line = document.lines.get(key)
        where = f", line {line}" if line else ""
        raise SettingsError(f"{path}{where}: {'.'.join(key)}: {first['msg']}.") from error
