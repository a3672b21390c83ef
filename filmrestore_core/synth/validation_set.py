"""ValidationSet: which clips are damaged how, to measure restorers on."""

from __future__ import annotations

from pathlib import Path

from pydantic import ConfigDict, Field, ValidationError, field_validator

from filmrestore_core.errors import SettingsError
from filmrestore_core.synth.gauge import Gauge
from filmrestore_core.synth.negatives.kinds import NegativeKind
from filmrestore_core.synth.recipe import recipe_names
from filmrestore_core.synth.section import Section
from filmrestore_core.yamlfile import read_yaml

SCHEMA = 1


class ValidationClip(Section):
    """One clip and what happens to it."""

    clip: str = Field(min_length=1, description="Name of its folder.")
    recipe: str = Field("medium", description="Damage.")
    gauge: Gauge = Field(Gauge.MM35, description="Width of the film.")
    height: int | None = Field(
        None, ge=64, le=4320, description="Rows that its pictures are brought to; none: as stored."
    )
    monochrome: bool = Field(False, description="Whether only its luma is kept.")
    stride: int = Field(1, ge=1, le=8, description="Every so-manieth frame: faster motion.")

    @field_validator("recipe")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in recipe_names():
            raise ValueError(f"known recipes are {', '.join(recipe_names())}")
        return name


class ValidationSet(Section):
    """Clips, recipes, seeds; with a folder of clips and one of shapes, every pixel of the cases."""

    schema_version: int = Field(SCHEMA, ge=SCHEMA, le=SCHEMA, alias="schema")
    seed: int = Field(1, ge=0, description="Of everything random.")
    frames: int = Field(8, ge=1, le=500, description="Frames of each clip.")
    clips: tuple[ValidationClip, ...] = Field(min_length=1)
    negatives: tuple[NegativeKind, ...] = Field(
        (), description="Hard negatives, each a line of its own."
    )
    negative_frames: int = Field(6, ge=3, le=100, description="Frames of a hard negative.")
    negative_clips: int = Field(2, ge=1, le=50, description="Clips that each kind is put on.")

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, populate_by_name=True
    )


def load_validation_set(path: Path) -> ValidationSet:
    """Read a validation set from YAML.

    Raises:
        SettingsError: the file is missing, or a key is unknown or out of bounds; says which.
    """
    document = read_yaml(path)
    try:
        return ValidationSet.model_validate(dict(document.values))
    except ValidationError as error:
        first = error.errors()[0]
        loc = tuple(str(part) for part in first["loc"])
        line = document.lines.get(loc)
        where = str(path) if line is None else f"{path}, line {line}"
        raise SettingsError(
            f"{where}: '{'.'.join(loc)}' is {first.get('input')!r}: {first['msg'].lower()}.",
            path=path,
        ) from error
