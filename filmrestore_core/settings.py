"""RestoreSettings: everything the user can choose that changes a pixel."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from filmrestore_core.matte import DETECTED_CLASSES, DamageClass

SCHEMA = 1


class Detector(StrEnum):
    """Who says where the damage is."""

    AUTO = "auto"
    NET = "net"
    CLASSICAL = "classical"
    NONE = "none"


class RepairMethod(StrEnum):
    """What fills a hole."""

    AUTO = "auto"
    NET = "net"
    CLASSICAL = "classical"
    TEMPORAL = "temporal"
    SPATIAL = "spatial"
    NONE = "none"
    DIFFUSION = "diffusion"


class ClassRepair(StrEnum):
    """What fills holes of one class of damage."""

    SAME = "same"
    TEMPORAL = "temporal"
    CLASSICAL = "classical"
    NET = "net"
    DIFFUSION = "diffusion"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_switch_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        """In YAML "yes" and "on" are true, which would pass for 1."""
        wanted = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and wanted in (int, float, float | None):
            raise PydanticCustomError("switch", "Input should be a number, not a switch")
        return value


def _units(unit: str) -> dict[str, JsonValue]:
    return {"unit": unit}


class PictureSettings(_Section):
    """How the stored samples are to be understood."""

    encoding: str = Field(
        "auto",
        title="Encoding",
        description="How the file's code values mean light: auto reads it from the file; else a "
        "name from 'filmrestore info --encodings'.",
    )


class CutSettings(_Section):
    """Where one shot ends and the next begins."""

    find: bool = Field(
        True, title="Find cuts", description="Look for shot changes; neighbours never cross one."
    )
    threshold: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        title="Cut threshold",
        description="How different two frames must be to count as a cut; 1 finds none.",
    )


class DetectSettings(_Section):
    """What counts as damage."""

    detector: Detector = Field(
        Detector.AUTO,
        title="Detector",
        description="Who looks for damage; auto: the net that comes with the program; none: only "
        "mattes given.",
    )
    model: str = Field(
        "auto",
        title="Model",
        description="Which net looks for damage: auto, or a name from 'filmrestore models list'.",
    )
    sensitivity: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        title="Sensitivity",
        description="Low leaves doubtful marks alone, high removes fainter ones at the risk of "
        "touching the picture.",
    )
    dirt: bool = Field(True, title="Dirt", description="Dark specks, on one frame only.")
    sparkle: bool = Field(True, title="Sparkle", description="Bright specks, on one frame only.")
    hair: bool = Field(True, title="Hairs", description="Hairs and lint, thin and curved.")
    scratch: bool = Field(
        True, title="Scratches", description="Long lines along the film's way, for many frames."
    )
    stain: bool = Field(
        False, title="Stains", description="Large soft blotches, on one frame only."
    )
    min_area: float = Field(
        2.0,
        ge=0.0,
        le=10000.0,
        title="Smallest size",
        description="Marks with fewer pixels than this are left, but for scratches.",
        json_schema_extra=_units("px"),
    )
    max_area: float = Field(
        1.0,
        gt=0.0,
        le=100.0,
        title="Largest size",
        description="Marks that cover more of the picture than this are left, but for scratches.",
        json_schema_extra=_units("% of picture"),
    )
    grow: float = Field(
        1.0,
        ge=0.0,
        le=20.0,
        title="Grow",
        description="Widen what was found, so that soft edges are taken too.",
        json_schema_extra=_units("px"),
    )
    soften: float = Field(
        1.0,
        ge=0.0,
        le=20.0,
        title="Soften",
        description="Width of the soft rim outside the grown mark.",
        json_schema_extra=_units("px"),
    )
    radius: int = Field(
        2,
        ge=1,
        le=2,
        title="Neighbours",
        description="How many frames on each side are looked at.",
        json_schema_extra=_units("frames"),
    )
    motion_protection: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        title="Motion protection",
        description="How firmly fast or badly matched motion is left alone.",
    )

    @property
    def classes(self) -> tuple[DamageClass, ...]:
        """The classes that are switched on, in DamageClass order."""
        return tuple(c for c in DETECTED_CLASSES if getattr(self, c.value))


def _of_class(title: str, what: str) -> ClassRepair:
    choice: ClassRepair = Field(
        ClassRepair.SAME,
        title=title,
        description=f"What repairs {what}: same is as all else; temporal, classical, net and "
        "diffusion as repair.method has them.",
    )
    return choice


class RepairSettings(_Section):
    """What is put in place of damage."""

    method: RepairMethod = Field(
        RepairMethod.AUTO,
        title="Repair",
        description="auto: neighbours first, then the surroundings, bettered by the net that comes "
        "with the program, large and unseen holes by the diffusion net; net: without the latter, "
        "and an error where there is no net; classical: without nets; temporal: neighbours only; "
        "spatial: surroundings only; none: find and report, change nothing; diffusion: all holes "
        "by the diffusion net, or large and unseen ones by the pipeline of diffusion.model.",
    )
    model: str = Field(
        "auto",
        title="Repair model",
        description="Which net betters repairs: auto, or a name from 'filmrestore models list'.",
    )
    strength: float = Field(
        1.0,
        ge=0.0,
        le=1.0,
        title="Strength",
        description="How much of the repair is laid over the picture; 0 changes nothing.",
    )
    large_from: float | None = Field(
        None,
        ge=0.0,
        le=1e9,
        title="Large hole",
        description="With auto, holes from this size on are left to the diffusion net; empty "
        "leaves it none for its size.",
        json_schema_extra=_units("px"),
    )
    unseen_from: float | None = Field(
        None,
        ge=0.0,
        le=1.0,
        title="Unseen hole",
        description="With auto, holes of which neighbours fail to show this share are left to the "
        "diffusion net; empty leaves it none for that.",
    )
    dirt: ClassRepair = _of_class("Repair of dirt", "dark specks")
    sparkle: ClassRepair = _of_class("Repair of sparkle", "bright specks")
    hair: ClassRepair = _of_class("Repair of hairs", "hairs and lint")
    scratch: ClassRepair = _of_class("Repair of scratches", "scratches")
    stain: ClassRepair = _of_class("Repair of stains", "stains")

    @property
    def by_class(self) -> dict[DamageClass, ClassRepair]:
        """The classes that are not repaired as all else."""
        chosen = {c: ClassRepair(getattr(self, c.value)) for c in DETECTED_CLASSES}
        return {c: way for c, way in chosen.items() if way is not ClassRepair.SAME}


class SamplerSettings(_Section):
    """How the diffusion net that comes with the program draws a fill."""

    model: str = Field(
        "auto",
        title="Diffusion net",
        description="Which net draws: auto, or a name from 'filmrestore models list'.",
    )
    steps: int = Field(
        1, ge=1, le=64, title="Drawing steps", description="Times the net looks at each crop."
    )
    start: float = Field(
        1.0,
        ge=0.05,
        le=1.0,
        title="Drawing start",
        description="How much noise a fill is drawn from: 1 is noise alone, less starts at the "
        "first fill noised so far.",
    )
    fidelity: float = Field(
        1.0,
        ge=0.0,
        le=1.0,
        title="Drawing fidelity",
        description="0 leaves the net free, 1 keeps the first fill wherever neighbours explain it.",
    )
    color: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        title="Hold color",
        description="How firmly areas keep the color of the first fill.",
    )
    structure: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        title="Hold structure",
        description="How firmly the first fill's detail is kept where neighbours agree on it.",
    )
    fineness: float = Field(
        1.0,
        ge=0.0,
        le=1.0,
        title="Hold fineness",
        description="How firmly detail is kept from being finer than that around the hole.",
    )


class DiffusionSettings(_Section):
    """How a pretrained pipeline fills what is left to diffusion; counts with a model."""

    model: str = Field(
        "",
        title="Diffusion model",
        description="Folder of a diffusers inpainting pipeline with safetensors weights; empty "
        "takes the diffusion net that comes with the program.",
    )
    prompt: str = Field(
        "", title="Prompt", description="What the picture shows, in words; may stay empty."
    )
    fidelity: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        title="Fidelity",
        description="1 keeps to what neighbours show, 0 lets the model invent freely.",
    )
    strength: float = Field(
        0.6,
        ge=0.05,
        le=1.0,
        title="Noising",
        description="How far the first fill is noised before the model takes over; 1 forgets it.",
    )
    steps: int = Field(
        12,
        ge=1,
        le=200,
        title="Steps",
        description="Denoising steps that are run for each crop.",
    )
    guidance: float = Field(
        4.0,
        ge=1.0,
        le=50.0,
        title="Guidance",
        description="How firmly the prompt is followed; without a prompt it counts for models "
        "of the Flux type only.",
    )
    min_area: float = Field(
        400.0,
        ge=0.0,
        le=1e9,
        title="Smallest hole",
        description="Holes from this size on, and smaller ones that no neighbour shows, are left "
        "to the model; 0 gives it all.",
        json_schema_extra=_units("px"),
    )


class GrainSettings(_Section):
    """The grain of what was put in."""

    amount: float = Field(
        1.0,
        ge=0.0,
        le=2.0,
        title="Grain",
        description="Strength of the grain put on a repair; 1 is as strong as around it.",
    )


class MatteJoin(StrEnum):
    """How a matte from outside meets what was found."""

    REPLACE = "replace"
    ADD = "add"


class MatteSettings(_Section):
    """How mattes from outside are read."""

    join: MatteJoin = Field(
        MatteJoin.REPLACE,
        title="Matte use",
        description="replace: only the given matte is repaired; add: it joins what is found.",
    )
    channel: str = Field(
        "auto", title="Matte channel", description="Channel of the matte file that holds the matte."
    )
    invert: bool = Field(
        False, title="Invert matte", description="Black means damage, as in infrared dirt maps."
    )
    threshold: float | None = Field(
        None,
        ge=0.0,
        le=1.0,
        title="Matte threshold",
        description="Values from here on are damage, others none; empty takes the matte as soft.",
    )


class RestoreSettings(_Section):
    """All settings of a restoration; the defaults are safe, not strong."""

    # "schema" would hide a method of pydantic's base class.
    schema_version: int = Field(SCHEMA, ge=SCHEMA, le=SCHEMA, alias="schema")
    picture: PictureSettings = PictureSettings()
    cuts: CutSettings = CutSettings()
    detect: DetectSettings = DetectSettings()
    repair: RepairSettings = RepairSettings()
    sampler: SamplerSettings = SamplerSettings()
    diffusion: DiffusionSettings = DiffusionSettings()
    grain: GrainSettings = GrainSettings()
    matte: MatteSettings = MatteSettings()
    seed: int = Field(
        0, ge=0, le=2**31 - 1, title="Seed", description="Chooses the grain's pattern."
    )

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, populate_by_name=True
    )

    def digest(self) -> str:
        """Sixteen hex digits that are equal for equal settings."""
        values = self.model_dump(mode="json", by_alias=True)
        # What came later counts where it is used: what was restored before keeps its digest.
        for name, plain in (("diffusion", DiffusionSettings()), ("sampler", SamplerSettings())):
            if getattr(self, name) == plain:
                del values[name]
        plain_repair = RepairSettings()
        for name in ("large_from", "unseen_from", *map(str, DETECTED_CLASSES)):
            if getattr(self.repair, name) == getattr(plain_repair, name):
                del values["repair"][name]
        document = json.dumps(values, sort_keys=True)
        return hashlib.sha256(document.encode()).hexdigest()[:16]
