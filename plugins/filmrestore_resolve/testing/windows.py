"""Fusion's UIManager: only documented elements, and a user who does what a test says."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

ATTRIBUTES: dict[str, dict[str, Any]] = {
    "Label": {"Text": ""},
    "Button": {"Text": "", "Enabled": True},
    "CheckBox": {"Text": "", "Checked": False},
    "ComboBox": {"CurrentIndex": 0},
    "SpinBox": {"Value": 0, "Minimum": 0, "Maximum": 99},
    "LineEdit": {"Text": ""},
    "TextEdit": {"PlainText": "", "ReadOnly": False},
}
_GROUPS = ("VGroup", "HGroup")
_EVERY = {"ID", "Weight"}


class Element:
    """A control; only its own attributes can be read and set."""

    def __init__(self, kind: str, values: dict[str, Any]) -> None:
        known = ATTRIBUTES[kind]
        strange = set(values) - set(known) - _EVERY
        if strange:
            raise TypeError(f"{kind} has no {sorted(strange)}")
        self.__dict__.update(known | values)
        self.__dict__.update(kind=kind, texts=[])

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in ATTRIBUTES[self.__dict__["kind"]]:
            raise TypeError(f"{self.__dict__['kind']} has no {name}")
        self.__dict__[name] = value

    def AddItem(self, text: str) -> None:
        if self.__dict__["kind"] != "ComboBox":
            raise TypeError("only a ComboBox takes items")
        self.__dict__["texts"].append(text)

    @property
    def CurrentText(self) -> str:
        texts: list[str] = self.__dict__["texts"]
        return str(texts[self.__dict__["CurrentIndex"]])


class Group:
    """Elements in a row or a column."""

    def __init__(self, *given: Any) -> None:
        self.children: list[Any] = given[-1]

    def elements(self) -> list[Element]:
        """All controls in it and below."""
        found: list[Element] = []
        for child in self.children:
            found += child.elements() if isinstance(child, Group) else [child]
        return found


class UIManager:
    """`ui`: makes elements."""

    def __getattr__(self, name: str) -> Any:
        if name in _GROUPS:
            return Group
        if name in ATTRIBUTES:
            return lambda values: Element(name, values)
        return None


class _Events:
    def __init__(self) -> None:
        self.handlers: dict[str, SimpleNamespace] = {}

    def __getattr__(self, name: str) -> SimpleNamespace:
        return self.handlers.setdefault(name, SimpleNamespace())


class Window:
    """`win`."""

    def __init__(self, values: dict[str, Any], children: list[Group]) -> None:
        self.title, self.On, self.shown = values["WindowTitle"], _Events(), False
        self.elements = {
            e.__dict__["ID"]: e for g in children for e in g.elements() if "ID" in e.__dict__
        }

    def GetItems(self) -> dict[str, Element]:
        return self.elements

    def Show(self) -> None:
        self.shown = True

    def Hide(self) -> None:
        self.shown = False

    def happens(self, element: str, event: str) -> None:
        """Let an event come in."""
        getattr(getattr(self.On, element), event)({"who": element})


class Dispatcher:
    """`disp`: each loop serves what the user does next, until the loop is left."""

    def __init__(self, users_deeds: list[Callable[[Window], None]]) -> None:
        self.deeds = users_deeds
        self.windows: list[Window] = []
        self.left = False
        self.steps = 0

    def AddWindow(self, values: dict[str, Any], children: list[Group]) -> Window:
        self.windows.append(Window(values, children))
        return self.windows[-1]

    def RunLoop(self) -> None:
        self.left = False
        while not self.left:
            self.deeds.pop(0)(self.windows[-1])

    def ExitLoop(self, code: int = 0) -> None:
        self.left = True

    def StepLoop(self, milliseconds: int) -> None:
        self.steps += 1
        if self.deeds and getattr(self.deeds[0], "while_running", False):
            self.deeds.pop(0)(self.windows[-1])


class DispatcherWithoutSteps(Dispatcher):
    """StepLoop is nowhere documented."""

    def __dir__(self) -> list[str]:
        return ["AddWindow", "RunLoop", "ExitLoop"]


def fusion_with(dispatcher: Dispatcher | None) -> tuple[Any, Any]:
    """`fusion` and `bmd` of a menu script; without a dispatcher there is no UIManager."""
    if dispatcher is None:
        return SimpleNamespace(UIManager=None), SimpleNamespace()
    return (
        SimpleNamespace(UIManager=UIManager()),
        SimpleNamespace(UIDispatcher=lambda ui: dispatcher),
    )
