"""Control: one host parameter, and the host's kinds of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ParamType(StrEnum):
    """The host's kinds of parameter, by their strings."""

    GROUP = "OfxParamTypeGroup"
    PAGE = "OfxParamTypePage"
    DOUBLE = "OfxParamTypeDouble"
    INTEGER = "OfxParamTypeInteger"
    BOOLEAN = "OfxParamTypeBoolean"
    CHOICE = "OfxParamTypeChoice"
    STRING = "OfxParamTypeString"


class StringMode(StrEnum):
    """How a text parameter is edited."""

    LABEL = "OfxParamStringIsLabel"
    FILE = "OfxParamStringIsFilePath"


@dataclass(frozen=True, slots=True)
class Control:
    """One host parameter.

    Attributes:
        name: what projects are saved by.
        type: the host's kind.
        label: what stands beside it.
        hint: one or two sentences.
        default: float, int, bool, option index or text; None for a group or page.
        minimum: smallest value of a number.
        maximum: largest value of a number.
        shown: (from, to) of the slider.
        options: labels of a choice.
        parent: name of its group; "" for none.
        mode: of a text.
        path: the core's setting it stands for; "" for the node's own.
        values: of a choice, what each option means to the core.
        negated: True where the host's "true" is the setting's False.
        unset_at_zero: True where 0 leaves the setting empty.
        scaled: power of the render scale that a value in pixels is multiplied by; 0 for none.
        children: of a page.
    """

    name: str
    type: ParamType
    label: str
    hint: str = ""
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    shown: tuple[float, float] | None = None
    options: tuple[str, ...] = ()
    parent: str = ""
    mode: StringMode | None = None
    path: str = ""
    values: tuple[str, ...] = ()
    negated: bool = False
    unset_at_zero: bool = False
    scaled: int = 0
    children: tuple[str, ...] = ()

    @property
    def holds_value(self) -> bool:
        """True for all but groups and pages."""
        return self.type not in (ParamType.GROUP, ParamType.PAGE)
