"""Objects as Resolve hands them out: every name reads as something, and calls are positional."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

from filmrestore_resolve.testing.quirks import Quirks

# A plugin that calls one of these has harmed the user's project.
FORBIDDEN = frozenset(
    {"FinalizeTake", "ReplaceClip", "ReplaceClipPreserveSubClip", "DeleteAllRenderJobs"}
)


@dataclass
class Call:
    """One recorded call."""

    kind: str
    name: str
    arguments: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"


@dataclass(frozen=True)
class Fault:
    """Which call goes wrong, and how.

    Attributes:
        at: number of the call, from 0.
        how: "none", "false", "empty", "raises": nothing happens and this is the answer;
            "unsaid": it happens and the answer is None; "untrue": nothing happens and the answer is
            True.
        lasting: every later call of the same name goes wrong too.
    """

    at: int
    how: str
    lasting: bool = False


@dataclass
class Wire:
    """All calls to one Resolve: how it behaves, what was asked, what was asked wrongly."""

    quirks: Quirks
    calls: list[Call] = field(default_factory=list)
    misuses: list[str] = field(default_factory=list)
    fault: Fault | None = None
    faulty: str | None = None
    made: int = 0

    def new_uid(self) -> str:
        """An id that no other object has."""
        self.made += 1
        return f"uid-{self.made:05d}"

    def misuse(self, text: str) -> None:
        """Note a call that the real one would have punished."""
        self.misuses.append(text)

    def fault_of(self, call: Call, number: int) -> str | None:
        """How this call goes wrong; None where it does not."""
        if self.fault is None:
            return None
        if number == self.fault.at:
            self.faulty = str(call)
            return self.fault.how
        return self.fault.how if self.fault.lasting and str(call) == self.faulty else None


class Body:
    """What stands behind a handle. Methods with a capital letter are the API."""

    kind: ClassVar[str] = "?"

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.uid = wire.new_uid()
        self.alive = True

    def missing(self) -> set[str]:
        """Names that this version lacks."""
        return set()

    def names(self) -> list[str]:
        """What `dir` shows."""
        kind: Any = type(self)
        return _shown(kind, frozenset(self.missing()))

    def GetUniqueId(self) -> str:
        return self.uid


class Handle:
    """A fresh one is handed out by every call; two of the same thing are not equal."""

    __slots__ = ("_body",)

    def __init__(self, body: Body) -> None:
        object.__setattr__(self, "_body", body)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        body: Body = self._body
        if name not in body.names():
            # Truly so: unknown names read as None, and calling None is a TypeError.
            body.wire.misuse(f"{body.kind} has no {name}")
            return None
        return _Method(body, name)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{name} cannot be set")

    def __dir__(self) -> list[str]:
        names: list[str] = self._body.names()
        return names


class _Method:
    def __init__(self, body: Body, name: str) -> None:
        self.body, self.name = body, name

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        body, wire = self.body, self.body.wire
        number = len(wire.calls)
        call = Call(body.kind, self.name, tuple(_plain(a) for a in arguments))
        wire.calls.append(call)
        if named:
            wire.misuse(f"{call} was given named arguments")
            raise TypeError(f"{self.name}() takes no keyword arguments")
        if self.name in FORBIDDEN:
            wire.misuse(f"{call} is forbidden")
        implementation = getattr(body, self.name)
        given = [unwrap(a) for a in arguments]
        fewest, most = _arity(implementation.__func__)
        if not fewest <= len(given) <= most:
            wire.misuse(f"{call} was given {len(given)} arguments")
            raise TypeError(f"{self.name}() takes {fewest} to {most} arguments")
        how = wire.fault_of(call, number)
        if how == "raises":
            raise RuntimeError(f"{call} failed")
        if how in ("none", "false", "empty", "untrue"):
            return {"none": None, "false": False, "empty": [], "untrue": True}[how]
        answer = wrap(implementation(*given), wire) if body.alive else None
        return None if how == "unsaid" else answer


@cache
def _shown(kind: Any, missing: frozenset[str]) -> list[str]:
    shown = {n for n in dir(kind) if n[:1].isupper() and callable(getattr(kind, n))}
    return sorted(shown - missing)


@cache
def _arity(method: Any) -> tuple[int, int]:
    """How many arguments a method takes at least and at most, itself not counted."""
    given = list(inspect.signature(method).parameters.values())[1:]
    return sum(p.default is inspect.Parameter.empty for p in given), len(given)


def wrap(value: Any, wire: Wire) -> Any:
    """An answer as it leaves: handles for objects, None for empty lists where that is the way."""
    if isinstance(value, Body):
        return Handle(value)
    if isinstance(value, list):
        if not value and wire.quirks.empty_list == "none":
            return None
        return [wrap(v, wire) for v in value]
    if isinstance(value, dict):
        return {k: wrap(v, wire) for k, v in value.items()}
    return value


def unwrap(value: Any) -> Any:
    """An argument as it comes in."""
    if isinstance(value, Handle):
        return value._body
    if isinstance(value, list):
        return [unwrap(v) for v in value]
    if isinstance(value, dict):
        return {k: unwrap(v) for k, v in value.items()}
    return value


def _plain(value: Any) -> Any:
    """An argument as the record keeps it."""
    if isinstance(value, Handle):
        return f"<{value._body.kind} {value._body.uid}>"
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return value
