"""ModelCard: what a model file is, takes and gives."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from filmrestore_core.errors import ModelContractError
from filmrestore_core.matte import DETECTED_CLASSES, DamageClass

CARD_KEY = "filmrestore.card"
"""The key in an ONNX file's metadata that holds its card as JSON."""

ID_PATTERN = r"[a-z0-9]+(?:-[a-z0-9]+)*"
VERSION_PATTERN = r"\d{1,5}\.\d{1,5}\.\d{1,5}"


class Task(StrEnum):
    """What a model is for."""

    SEGMENT = "segment"
    INPAINT = "inpaint"
    JUDGE = "judge"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class TensorSpec(_Section):
    """One input or output of a graph.

    Attributes:
        name: its name in the graph.
        shape: (1, channels, H, W); 1 and the channels are numbers, "H" and "W" are free.
        dtype: always float32; a graph of half precision converts inside.
        range: smallest and largest value, where there are such.
    """

    name: str = Field(min_length=1)
    shape: tuple[Literal[1], int, Literal["H"], Literal["W"]]
    dtype: Literal["float32"] = "float32"
    range: tuple[float, float] | None = None

    @property
    def channels(self) -> int:
        """How many planes it has."""
        return self.shape[1]


class SizeRule(_Section):
    """Which picture sizes the graph takes: multiples of a number, from a smallest one on."""

    multiple_of: int = Field(1, ge=1, le=256)
    minimum: int = Field(1, ge=1, le=1024)


class TileRule(_Section):
    """How a large picture is cut.

    Attributes:
        size: edge of a square tile, its overlap included, in pixels. Tiles may be larger: their
            memory is bounded by a multiple of its area, see `runtime.tile_grid`.
        overlap: pixels on each side of a tile that are computed and thrown away. Where it is at
            least the net's reach, tiles leave no seams.
    """

    size: int = Field(512, ge=16, le=8192)
    overlap: int = Field(64, ge=0, le=1024)

    @property
    def core(self) -> int:
        """Edge of what is kept of a tile."""
        return self.size - 2 * self.overlap


class TemporalRule(_Section):
    """How many frames the net sees, and which of them (from 0) the result is for."""

    size: int = Field(1, ge=1, le=99)
    center: int = Field(0, ge=0, le=98)


class Tolerance(_Section):
    """The largest difference of an output sample between devices, or from torch."""

    across_devices: float = Field(1e-4, gt=0, le=1)


class Precision(_Section):
    """In what numbers the graph computes, and how far that moves its results.

    Attributes:
        compute: float32, or float16 with float32 inputs and outputs.
        kept: operators that still compute in float32.
        largest, mean: measured difference from the float32 graph on seeded inputs.
    """

    compute: Literal["float32", "float16"] = "float32"
    kept: tuple[str, ...] = ()
    largest: float | None = None
    mean: float | None = None


class ModelCard(_Section):
    """What a model file is, takes and gives.

    It stands in a store's manifest and, but for `file` and `sha256`, in the file itself.

    Attributes:
        id, version: together the model's name; a new file is a new version.
        task: what it is for.
        file, sha256: the file in the store and its digest; None on a lone file's own card.
        opset: version of ONNX's operators.
        planes: name of how the input is made of frames; known to `segment` or `inpaint`.
        inputs, outputs: exactly one of each.
        classes: of a segmenter: what output channel is what damage.
        size, tiles, temporal, tolerance, precision: see there.
        calibration: numbers that turn scores into decisions, free by name.
        origin: how it was made: net, data, revision, command.
        metrics: what was measured.
        license: of the weights.
    """

    id: str = Field(pattern=f"^{ID_PATTERN}$", max_length=80)
    version: str = Field(pattern=f"^{VERSION_PATTERN}$")
    task: Task
    file: str | None = Field(None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.onnx$", max_length=160)
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")
    opset: int = Field(17, ge=13, le=24)
    planes: str = Field(min_length=1)
    inputs: tuple[TensorSpec, ...] = Field(min_length=1, max_length=1)
    outputs: tuple[TensorSpec, ...] = Field(min_length=1, max_length=1)
    classes: tuple[DamageClass, ...] = ()
    size: SizeRule = SizeRule()
    tiles: TileRule = TileRule()
    temporal: TemporalRule = TemporalRule()
    tolerance: Tolerance = Tolerance()
    precision: Precision = Precision()
    calibration: dict[str, float] = {}
    origin: dict[str, JsonValue] = {}
    metrics: dict[str, JsonValue] = {}
    license: str = Field(min_length=1)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.task is Task.SEGMENT:
            if len(self.classes) != self.outputs[0].channels:
                raise ValueError(
                    f"classes: {len(self.classes)} names stand beside "
                    f"{self.outputs[0].channels} output channels"
                )
            if len(set(self.classes)) != len(self.classes):
                raise ValueError("classes: a class stands there twice")
            if unknown := [c.value for c in self.classes if c not in DETECTED_CLASSES]:
                raise ValueError(f"classes: '{unknown[0]}' is nothing a detector finds")
        elif self.classes:
            raise ValueError("classes: only a segmenter has them")
        if self.temporal.center >= self.temporal.size:
            raise ValueError("temporal: the center lies outside the window")
        if self.tiles.core < self.size.multiple_of:
            raise ValueError("tiles: nothing is left between the overlaps")
        for key, pixels in (("size", self.tiles.size), ("overlap", self.tiles.overlap)):
            if pixels % self.size.multiple_of:
                raise ValueError(f"tiles.{key}: {pixels} is no multiple of {self.size.multiple_of}")
        if self.tiles.size < self.size.minimum:
            raise ValueError("tiles: a tile is smaller than the smallest size the graph takes")
        if (self.file is None) != (self.sha256 is None):
            raise ValueError("file and sha256 come together")
        return self

    @property
    def name(self) -> str:
        """The id with the version: names one file for ever."""
        return f"{self.id}-{self.version}"

    @property
    def version_numbers(self) -> tuple[int, ...]:
        """The version as numbers, to sort by."""
        return tuple(int(n) for n in self.version.split("."))

    @classmethod
    def of(cls, values: Mapping[str, Any], *, where: str) -> ModelCard:
        """The card of plain values.

        Args:
            values: as read from YAML or JSON.
            where: what to call the place in errors.

        Raises:
            ModelContractError: a key is unknown, missing or wrong; it is named.
        """
        try:
            return cls.model_validate_json(json.dumps(values))
        except (ValidationError, TypeError, ValueError, RecursionError) as error:
            raise ModelContractError(f"{where}: {_first_fault(error)}.") from error

    @classmethod
    def from_json(cls, text: str, *, where: str) -> ModelCard:
        """The card of JSON text, as it stands in a model file.

        Raises:
            ModelContractError: no JSON, or not a card.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise ModelContractError(f"{where}: {_first_fault(error)}.") from error

    def values(self) -> dict[str, Any]:
        """Plain values, without what is unset; `of` reads them back."""
        return self.model_dump(mode="json", exclude_none=True)

    def lone(self) -> ModelCard:
        """The card as the file itself carries it: without `file` and `sha256`."""
        return self.model_copy(update={"file": None, "sha256": None})

    def to_json(self) -> str:
        """The lone card as JSON text, the same for the same card."""
        return json.dumps(self.lone().values(), sort_keys=True, ensure_ascii=True)


def _first_fault(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return f"the card cannot be read ({error})"
    fault = error.errors()[0]
    key = ".".join(str(part) for part in fault["loc"])
    what = re.sub(r"^Value error, ", "", fault["msg"]).rstrip(".")
    if fault["type"] == "extra_forbidden":
        return f"the card's key '{key}' is unknown"
    if fault["type"] == "missing":
        return f"the card lacks the key '{key}'"
    return f"the card's '{key}' is wrong: {what}" if key else f"the card is wrong: {what}"
