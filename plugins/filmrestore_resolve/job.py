"""Job: what the menu script asks for, as JOB.md writes it down; wrong keys are refused by path."""

from __future__ import annotations

import json
from difflib import get_close_matches
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from filmrestore_core import SettingsError

KIND = "filmrestore.resolve.job"
LARGEST_BYTES = 50_000_000

Text = Annotated[str, Field(max_length=4096)]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class SourceKind(StrEnum):
    """What holds a shot's frames."""

    SEQUENCE = "sequence"
    MOVIE = "movie"


class Place(StrEnum):
    """Where results go."""

    BESIDE_MEDIA = "beside_media"
    FOLDER = "folder"


class MovieFrames(StrEnum):
    """What a movie's frames become."""

    TIF = "tif"
    EXR = "exr"


class JobSettings(_Document):
    """What changes pixels: a preset, and single values laid over it."""

    preset: Text = "standard"
    changes: dict[str, Any] = Field(default_factory=dict)
    encoding: Text = "auto"


class Handles(_Document):
    """Frames beyond the cut."""

    head: int = Field(0, ge=0, le=100_000)
    tail: int = Field(0, ge=0, le=100_000)


class Context(_Document):
    """Frames of the same media beyond the cut that may be looked at; None: all there are."""

    before: int | None = Field(None, ge=0)
    after: int | None = Field(None, ge=0)


class JobOutput(_Document):
    """Where results go, and what besides the pictures."""

    place: Annotated[Place, Field(strict=False)] = Place.BESIDE_MEDIA
    folder: Text | None = None
    handles: Handles = Handles()
    matte: bool = False
    movie_frames: Annotated[MovieFrames, Field(strict=False)] = MovieFrames.TIF
    matte_channel: bool = False
    keep_compression: bool = False
    pictures: int = Field(6, ge=0, le=50)

    @model_validator(mode="after")
    def _folder_is_named(self) -> Self:
        if self.place is Place.FOLDER and not self.folder:
            raise ValueError("'folder' must be given where 'place' is 'folder'")
        if self.folder and not Path(self.folder).is_absolute():
            raise ValueError(f"folder '{self.folder}' must be an absolute path")
        return self


class Machine(_Document):
    """How the work is done; changes no pixel."""

    device: Text = "auto"
    workers: int = Field(0, ge=0, le=64)
    memory_gb: Annotated[float, Field(strict=False, ge=0.1)] = 2.0
    models: Text | None = None


class Source(_Document):
    """Where a shot's frames lie."""

    kind: Annotated[SourceKind, Field(strict=False)]
    path: Text
    rate: str | None = None
    origin: Literal["media", "timeline render"] = "media"

    @field_validator("path")
    @classmethod
    def _absolute(cls, path: str) -> str:
        if not Path(path).is_absolute() or "\0" in path:
            raise ValueError(f"'{path}' must be an absolute path")
        return path

    @field_validator("rate")
    @classmethod
    def _fraction(cls, rate: str | None) -> str | None:
        if rate is not None and Fraction(rate) <= 0:
            raise ValueError(f"'{rate}' must be a rate such as 24000/1001")
        return rate


class Shot(_Document):
    """One cut of one media.

    Attributes:
        key: stable and unique in the job.
        first: first number of the cut: file number, or frame of the movie counted from 0.
        last: its last number, which belongs to it.
    """

    key: Annotated[str, Field(min_length=1, max_length=1000)]
    name: Text = ""
    source: Source
    first: int
    last: int
    context: Context = Context()

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"'last' ({self.last}) must not come before 'first' ({self.first})")
        if self.last - self.first >= 10_000_000:
            raise ValueError("the cut spans ten million frames or more")
        return self

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or self.key


class Job(_Document):
    """One press of the button."""

    kind: Literal["filmrestore.resolve.job"]
    schema_version: Literal[1] = Field(alias="schema")
    id: Text = ""
    created_by: Text = ""
    project: Text
    timeline: Text
    settings: JobSettings = JobSettings()
    output: JobOutput = JobOutput()
    machine: Machine = Machine()
    shots: Annotated[list[Shot], Field(min_length=1, max_length=100_000)]

    @model_validator(mode="after")
    def _keys_are_unique(self) -> Self:
        seen: set[str] = set()
        for shot in self.shots:
            if shot.key in seen:
                raise ValueError(f"two shots have the key '{shot.key}'")
            seen.add(shot.key)
        return self


def read_job(path: Path) -> Job:
    """Read a job document.

    Raises:
        SettingsError: it cannot be read, is no JSON, or is no such document; says the key's path.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise SettingsError(f"The job {path} is too large to be one.", path=path)
        values = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(
            f"The job {path} cannot be read: {error.strerror}.", path=path
        ) from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise SettingsError(
            f"The job {path} is no JSON document: {error}.",
            path=path,
            hint="'filmrestore resolve render' takes what the menu script writes",
        ) from error
    return job_of(values, where=f"the job {path}")


def job_of(values: Any, *, where: str = "the job") -> Job:
    """The job that plain values describe.

    Raises:
        SettingsError: a key is unknown or missing, or a value is wrong; says the key's path.
    """
    try:
        return Job.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_sentence(error, where)) from error


def _sentence(error: ValidationError, where: str) -> str:
    first = error.errors()[0]
    dotted = ".".join(str(part) for part in first["loc"])
    head = where[:1].upper() + where[1:]
    if first["type"] == "extra_forbidden":
        near = get_close_matches(str(first["loc"][-1]), _known(first["loc"][:-1]), n=1, cutoff=0.5)
        instead = f"; did you mean '{near[0]}'?" if near else "."
        return f"{head}: there is no key '{dotted}'{instead}"
    if first["type"] == "missing":
        return f"{head}: the key '{dotted}' is missing."
    said = str(first["msg"]).removeprefix("Value error, ")
    said = said[:1].lower() + said[1:]
    if not dotted:
        return f"{head}: {said}."
    got = repr(first.get("input"))
    if first["type"] == "value_error" or len(got) > 80:
        return f"{head}: '{dotted}': {said}."
    return f"{head}: '{dotted}' is {got}: {said}."


def _known(path: tuple[int | str, ...]) -> list[str]:
    """The keys that a place in the document takes."""
    model: type[BaseModel] = Job
    for part in path:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(str(part))
        if field is None:
            return []
        inner = field.annotation
        inner = getattr(inner, "__args__", (inner,))[0]
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return [field.alias or name for name, field in model.model_fields.items()]
