"""The few things the node's logic needs of a host, as protocols and plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

DTYPES: Mapping[str, np.dtype[Any]] = {
    "byte": np.dtype(np.uint8),
    "short": np.dtype(np.uint16),
    "half": np.dtype(np.float16),
    "float": np.dtype(np.float32),
}
"""Depth word -> samples."""

CHANNELS: Mapping[str, tuple[str, ...]] = {
    "rgba": ("R", "G", "B", "A"),
    "rgb": ("R", "G", "B"),
    "alpha": ("Y",),
}
"""Components word -> channel names as the core calls them; a lone channel is a gray picture."""

OK, FAILED, DEFAULT = 0, 1, 14
"""Statuses of an action, by the standard's numbers."""

Pixels = NDArray[Any]
Bounds = tuple[int, int, int, int]
"""x1, y1, x2, y2 in pixels, y up, half-open."""


@dataclass(frozen=True, slots=True)
class Action:
    """What the host asks.

    Attributes:
        name: the standard's action string.
        instance: number of the node; 0 where it has none.
        host: the host's name.
        temporal: whether other times may be asked for.
        time: of the frame.
        scale: render scale (x, y).
        window: render window.
        draft: a quick picture is wanted.
        changed: name of the parameter that was changed.
        by_user: the change was the user's.
    """

    name: str
    instance: int = 0
    host: str = ""
    temporal: bool = False
    time: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)
    window: Bounds = (0, 0, 0, 0)
    draft: bool = False
    changed: str = ""
    by_user: bool = False


@dataclass(frozen=True, slots=True)
class ClipState:
    """An input as the host has it.

    Attributes:
        connected: whether something is connected.
        span: (first, last) time; None where the host does not tell.
        color_space: the host's name for it; "" where it tells none.
    """

    connected: bool
    span: tuple[float, float] | None = None
    color_space: str = ""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """A picture that the host opened; its samples come with `NodeHost.pixels`.

    Attributes:
        key: equal keys have equal samples, bounds, depth, components and premultiplication.
        bounds: where it lies.
        depth: "byte", "short", "half" or "float".
        components: "rgba", "rgb" or "alpha".
        premult: "opaque", "premultiplied", "unpremultiplied" or "".
        scale: render scale of this very picture (x, y).
    """

    key: str
    bounds: Bounds
    depth: str
    components: str
    premult: str = ""
    scale: tuple[float, float] = (1.0, 1.0)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        x1, y1, x2, y2 = self.bounds
        return y2 - y1, x2 - x1, len(CHANNELS[self.components])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the samples."""
        return DTYPES[self.depth]


@dataclass(frozen=True, slots=True)
class Missing:
    """The host gave no picture.

    Attributes:
        reason: "missing", "no-temporal", "unusable", "not-now".
        text: further words, where there are any.
    """

    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class OutputFacts:
    """What must be filled.

    Attributes:
        depth: of the host's output picture.
        components: likewise.
        target: render window cut to the output's bounds.
    """

    depth: str
    components: str
    target: Bounds


class NodeHost(Protocol):
    """The host during one action. Every method may take long and render other nodes meanwhile.

    Every method raises HostGone when the host is gone, and Stopped when it gave the action up.
    """

    def params(self, time: float) -> Mapping[str, Any]:
        """All parameters that can be read at a time; None for one that cannot."""
        ...

    def clip(self, name: str) -> ClipState:
        """An input's state."""
        ...

    def image(self, clip: str, time: float) -> ImageFacts | Missing:
        """Open a picture; it stays open until the next is."""
        ...

    def pixels(self, facts: ImageFacts) -> Pixels:
        """The open picture's samples, (H, W, C), top row first; the array stays valid."""
        ...

    def output(self) -> OutputFacts:
        """What must be filled."""
        ...

    def canvas(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> Pixels:
        """An array to write the result into, before `write`."""
        ...

    def write(self, canvas: Pixels, box: Bounds) -> None:
        """Give the result for a box; nothing reaches the host before the action ends well."""
        ...

    def copy(self, clip: str, time: float) -> bool:
        """The result is a clip's picture, bit for bit; False where the formats differ."""
        ...

    def answer(self, kind: str, name: str, index: int, value: Any) -> None:
        """An out-argument of the action; kind is "s", "i" or "d"."""
        ...

    def set_param(self, name: str, value: Any) -> None:
        """Set a parameter, in InstanceChanged."""
        ...

    def aborted(self) -> bool:
        """True once the host wants the result no more."""
        ...

    def message(self, kind: str, text: str) -> None:
        """Show a persistent message: "error", "warning" or "message"."""
        ...

    def clear_message(self) -> None:
        """Take the persistent message away."""
        ...


@dataclass(slots=True)
class Notes:
    """What the user should know about a render, without repeats, gravest first."""

    warnings: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Add a warning."""
        if text not in self.warnings:
            self.warnings.append(text)

    def say(self, text: str) -> None:
        """Add a plain remark."""
        if text not in self.messages:
            self.messages.append(text)
