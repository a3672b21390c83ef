"""ParamSpec: the settings as a flat list of controls; every user interface is built from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, get_args

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from filmrestore_core.settings import RestoreSettings


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """One control.

    Attributes:
        path: dotted path in RestoreSettings, stable: "detect.sensitivity".
        label: what stands beside the control.
        help: one or two sentences.
        kind: "bool", "int", "float", "choice" or "text".
        default: value of RestoreSettings().
        minimum: smallest value, None where there is none.
        maximum: largest value, None where there is none.
        choices: values of a choice, in a stable order.
        unit: "px", "frames", ...; "" for none.
        optional: True where None ("unset") is a value.
    """

    path: str
    label: str
    help: str
    kind: str
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    optional: bool = False


def param_specs() -> tuple[ParamSpec, ...]:
    """All controls, in the order of the settings' sections."""
    return tuple(_walk(RestoreSettings, "", RestoreSettings()))


def _walk(model: type[BaseModel], prefix: str, defaults: BaseModel) -> list[ParamSpec]:
    specs: list[ParamSpec] = []
    for name, field in model.model_fields.items():
        if name == "schema_version":
            continue
        annotation = field.annotation
        value = getattr(defaults, name)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            specs.extend(_walk(annotation, f"{prefix}{name}.", value))
        else:
            specs.append(_spec(f"{prefix}{name}", field, value))
    return specs


def _spec(path: str, field: FieldInfo, default: Any) -> ParamSpec:
    annotation = field.annotation
    optional = False
    if isinstance(annotation, UnionType):
        inner = [a for a in get_args(annotation) if a is not NoneType]
        optional = NoneType in get_args(annotation)
        annotation = inner[0]
    choices: tuple[str, ...] = ()
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        kind, choices, default = "choice", tuple(str(a) for a in annotation), str(default)
    else:
        kinds: dict[Any, str] = {bool: "bool", int: "int", float: "float"}
        kind = kinds.get(annotation, "text")
    minimum = maximum = None
    for rule in field.metadata:
        if isinstance(rule, Ge):
            minimum = float(rule.ge)  # type: ignore[arg-type]
        elif isinstance(rule, Gt):
            minimum = float(rule.gt)  # type: ignore[arg-type]
        elif isinstance(rule, Le):
            maximum = float(rule.le)  # type: ignore[arg-type]
        elif isinstance(rule, Lt):
            maximum = float(rule.lt)  # type: ignore[arg-type]
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    return ParamSpec(
        path=path,
        label=field.title or path,
        help=field.description or "",
        kind=kind,
        default=default,
        minimum=minimum,
        maximum=maximum,
        choices=choices,
        unit=str(extra.get("unit", "")),
        optional=optional,
    )
