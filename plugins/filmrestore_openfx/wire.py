"""WireHost: the host, asked through the shim over one connection during one action."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from filmrestore_core import Stopped
from filmrestore_openfx.control import Control, ParamType
from filmrestore_openfx.errors import HostGone
from filmrestore_openfx.host_types import (
    CHANNELS,
    DTYPES,
    Action,
    Bounds,
    ClipState,
    ImageFacts,
    Missing,
    OutputFacts,
    Pixels,
)
from filmrestore_openfx.lines import LineChannel, WireError
from filmrestore_openfx.segments import Segment, SegmentPool, rounded

_PREMULTS = ("opaque", "premultiplied", "unpremultiplied", "")
_MOST_BYTES = 4 * 1024**3
_FARTHEST = 1_000_000


def read_action(fields: list[str]) -> Action:
    """The action of an `action` line.

    Raises:
        WireError: it is none.
    """
    if len(fields) < 3 or fields[0] != "action":
        raise WireError("An action was expected.")
    given = dict(field.partition("=")[::2] for field in fields[3:])
    try:
        time = float(given.get("time", "0"))
        across, down = (float(v) for v in given.get("scale", "1,1").split(","))
        x1, y1, x2, y2 = (int(v) for v in given.get("window", "0,0,0,0").split(","))
        instance = int(fields[2])
    except ValueError as error:
        raise WireError(f"The action {fields[1]} has a value that cannot be read.") from error
    if not math.isfinite(time) or abs(time) > 1e9:
        raise WireError(f"The action {fields[1]} has the time {time}.")
    return Action(
        name=fields[1],
        instance=instance,
        host=given.get("host", ""),
        temporal=given.get("temporal") == "1",
        time=time,
        scale=(across, down),
        window=(x1, y1, x2, y2),
        draft="1" in (given.get("draft"), given.get("thumbnail")),
        changed=given.get("name", ""),
        by_user=given.get("reason") == "OfxChangeUserEdited",
    )


class WireHost:
    """A NodeHost over a connection; used by one thread."""

    def __init__(
        self, channel: LineChannel, pool: SegmentPool, controls: Mapping[str, Control]
    ) -> None:
        self._channel = channel
        self._pool = pool
        self._controls = controls
        self._incoming: Segment | None = None
        self._outgoing: Segment | None = None

    def params(self, time: float) -> Mapping[str, Any]:
        """All parameters that can be read at a time; None for one that cannot."""
        (count,) = self._wanted(self._ask("params", time), 1)
        read: dict[str, Any] = {}
        for _ in range(_whole(count, 10_000)):
            line = self._read()
            if len(line) >= 3 and line[0] == "value":
                value = line[3] if line[2] == "ok" and len(line) > 3 else None
                read[line[1]] = self._value(line[1], value)
        return read

    def clip(self, name: str) -> ClipState:
        """An input's state; not connected where the context has no such input."""
        answer = self._ask("clip", name)
        if answer[0] != "ok" or len(answer) < 5:
            return ClipState(connected=False)
        span = None
        try:
            first, last = float(answer[2]), float(answer[3])
            if math.isfinite(first) and math.isfinite(last) and first <= last:
                span = (first, last)
        except ValueError:
            pass
        return ClipState(answer[1] == "1", span, answer[4])

    def image(self, clip: str, time: float) -> ImageFacts | Missing:
        """Open a picture; it stays open until the next is."""
        answer = self._ask("image", clip, float(time))
        if answer[0] == "no":
            reason = answer[1] if len(answer) > 1 else "missing"
            return Missing(reason, answer[2] if len(answer) > 2 else "")
        key, *rest = self._wanted(answer, 11)
        depth, components, premult = rest[4:7]
        if depth not in DTYPES or components not in CHANNELS or premult not in _PREMULTS:
            raise WireError(f"A picture of {depth} {components} {premult} is not known.")
        bounds = _bounds(rest[:4])
        facts = ImageFacts(key, bounds, depth, components, premult, _scale(rest[8:10]))
        height, width, count = facts.shape
        if height * width * count * facts.dtype.itemsize > _MOST_BYTES:
            raise WireError("A picture is too large.")
        return facts

    def pixels(self, facts: ImageFacts) -> Pixels:
        """The open picture's samples; valid until the next picture's are asked for."""
        count = int(np.prod(facts.shape))
        size = count * facts.dtype.itemsize
        self._incoming = self._segment(self._incoming, size)
        self._wanted(self._ask("pixels", self._incoming.number, 0), 1)
        flat = np.frombuffer(self._incoming.memory, facts.dtype, count)
        return flat.reshape(facts.shape)

    def output(self) -> OutputFacts:
        """What must be filled."""
        answer = self._wanted(self._ask("output"), 15)
        depth, components = answer[4:6]
        if depth not in DTYPES or components not in CHANNELS:
            raise WireError(f"An output of {depth} {components} is not known.")
        return OutputFacts(depth, components, _bounds(answer[11:15]))

    def canvas(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> Pixels:
        """An array in shared memory to write the result into."""
        count = int(np.prod(shape))
        self._outgoing = self._segment(self._outgoing, count * dtype.itemsize)
        return np.frombuffer(self._outgoing.memory, dtype, count).reshape(shape)

    def write(self, canvas: Pixels, box: Bounds) -> None:
        """Give the result for a box; nothing reaches the host before the action ends well."""
        if self._outgoing is None:
            raise AssertionError("write() comes after canvas()")
        self._wanted(self._ask("write", self._outgoing.number, 0, *box), 0)

    def copy(self, clip: str, time: float) -> bool:
        """The result is a clip's picture, bit for bit; False where it cannot be."""
        return self._ask("copy", clip, float(time))[0] == "ok"

    def answer(self, kind: str, name: str, index: int, value: Any) -> None:
        """An out-argument of the action; a host that does not take it is left alone."""
        self._ask("out", kind, name, index, value)

    def set_param(self, name: str, value: Any) -> None:
        """Set a parameter, in InstanceChanged."""
        self._ask("set", name, int(value) if isinstance(value, bool) else value)

    def aborted(self) -> bool:
        """True once the host wants the result no more."""
        return self._ask("abort") == ["ok", "1"]

    def message(self, kind: str, text: str) -> None:
        """Show a persistent message: "error", "warning" or "message"."""
        self._ask("persist", kind, text[:900])

    def clear_message(self) -> None:
        """Take the persistent message away."""
        self._ask("clearpersist")

    def close(self) -> None:
        """Leave the shared memory to other connections."""
        for segment in (self._incoming, self._outgoing):
            if segment is not None:
                self._pool.give_back(segment)
        self._incoming = self._outgoing = None

    def _value(self, name: str, text: str | None) -> Any:
        control = self._controls.get(name)
        if text is None or control is None or control.type is ParamType.STRING:
            return text
        try:
            return float(text)
        except ValueError:
            return None

    def _segment(self, held: Segment | None, size: int) -> Segment:
        if held is not None and size <= held.size <= max(4 * size, 1 << 22):
            return held
        if held is not None:
            self._pool.give_back(held)
        while (spare := self._pool.superfluous()) is not None:
            self._ask("drop", spare.number)
        found = self._pool.take(size)
        if found is not None:
            return found
        answer = self._ask("segment", rounded(size))
        if answer[0] != "ok":
            raise MemoryError("the shim has no memory for a picture")
        number, given, *name = answer[1:]
        if name:
            return Segment.named(_whole(number), _whole(given), name[0])
        return Segment.from_descriptor(_whole(number), _whole(given), self._channel.descriptor())

    def _ask(self, *fields: object) -> list[str]:
        self._channel.send(*fields)
        answer = self._read()
        if answer[0] == "bad":
            raise WireError(f"{fields[0]}: {' '.join(answer[1:])}")
        if answer[0] not in ("ok", "no"):
            raise WireError(f"{fields[0]} was answered by '{answer[0][:40]}'.")
        if answer[:2] == ["no", "aborted"]:
            raise Stopped("The host gave the frame up.")
        return answer

    def _read(self) -> list[str]:
        try:
            return self._channel.read()
        except EOFError:
            raise HostGone from None

    def _wanted(self, answer: list[str], least: int) -> list[str]:
        if answer[0] != "ok" or len(answer) - 1 < least:
            raise WireError(f"An answer was expected, '{' '.join(answer)[:200]}' came.")
        return answer[1:]


def _whole(text: str, most: int = 2**62) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number <= most:
        raise WireError(f"'{text[:40]}' is no number that can be used here.")
    return number


def _bounds(texts: list[str]) -> Bounds:
    try:
        x1, y1, x2, y2 = (int(t) for t in texts)
    except ValueError as error:
        raise WireError("Bounds cannot be read.") from error
    if max(abs(v) for v in (x1, y1, x2, y2)) > _FARTHEST or x2 < x1 or y2 < y1:
        raise WireError(f"Bounds of {x1},{y1},{x2},{y2} cannot be.")
    return x1, y1, x2, y2


def _scale(texts: list[str]) -> tuple[float, float]:
    try:
        across, down = (float(t) for t in texts)
    except ValueError as error:
        raise WireError("A render scale cannot be read.") from error
    return across, down
