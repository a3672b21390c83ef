"""The reference host: loads a bundle, describes, makes instances, and notes every broken rule."""

from __future__ import annotations

import ctypes
import itertools
import threading
from collections.abc import Callable
from ctypes import create_string_buffer
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filmrestore_openfx.native.shims import find_test_host
from filmrestore_openfx.native.targets import host_arch
from filmrestore_openfx.testhost.host_image import HostImage
from filmrestore_openfx.testhost.library import (
    ABORT_ASKED,
    IMAGE_GIVER,
    IMAGE_TAKER,
    PROGRESS_ASKED,
    TEXT_ROOM,
    load_library,
)
from filmrestore_openfx.testhost.node import Node
from filmrestore_openfx.testhost.property_set import PropertySet

FILTER = "OfxImageEffectContextFilter"
GENERAL = "OfxImageEffectContextGeneral"


@dataclass(frozen=True, slots=True)
class HostOptions:
    """What kind of host to be.

    Attributes:
        name: the host's name string.
        temporal: whether other times are granted; when not, every time gives the current frame,
            as a widely used host does.
        depths: the depth strings the host lists.
        message_version: of the message suite: 2, 1 (no persistent messages) or 0 (none).
        progress_version: of the progress suite: 2, 1 or 0.
        missing_suites: bits 1 effect, 2 property, 4 parameter: given as NULL.
        refused_types: parameter types it does not have, by the standard's strings.
        refused_props: properties it does not know.
        background: it says that it has no user interface.
        checks_memory: compare all memory of every image after each render; costs time.
    """

    name: str = "org.filmrestore.referencehost"
    temporal: bool = True
    depths: tuple[str, ...] = (
        "OfxBitDepthByte",
        "OfxBitDepthShort",
        "OfxBitDepthHalf",
        "OfxBitDepthFloat",
    )
    message_version: int = 2
    progress_version: int = 2
    missing_suites: int = 0
    refused_types: tuple[str, ...] = ()
    refused_props: tuple[str, ...] = ()
    background: bool = False
    checks_memory: bool = True


class ReferenceHostError(AssertionError):
    """The plug-in cannot be opened, or broke rules."""


class _Calls(threading.local):
    """The actions running on this thread, innermost last: node, time, output."""

    def __init__(self) -> None:
        self.stack: list[tuple[Node, float | None, HostImage | None]] = []


class ReferenceHost:
    """One plug-in library in one host. Only one may be open in a process at a time.

    Args:
        bundle: the ``NAME.ofx.bundle`` folder.
        options: what kind of host to be.
        library: the host's C library; found or built when None.

    Raises:
        ReferenceHostError: when the library cannot be opened.
    """

    def __init__(
        self, bundle: Path, options: HostOptions | None = None, *, library: Path | None = None
    ) -> None:
        self.options = options or HostOptions()
        self.library: ctypes.CDLL = load_library(library or find_test_host())
        self.progress: list[tuple[str, float]] = []
        self.cancels: Callable[[], bool] = lambda: False
        self._nodes: dict[int, Node] = {}
        self._held: dict[int, tuple[HostImage, bool]] = {}
        self._tokens = itertools.count(1)
        self._calls = _Calls()
        self._own_notes: list[str] = []
        self._descriptors: dict[str, int] = {}
        self.library.th_notes_clear()
        self._behave()
        self._say_who()
        self.plugins = self._open(bundle)

    # --- set-up

    def _behave(self) -> None:
        behavior = self.library.th_behavior().contents
        # Kept as attributes: ctypes does not hold callbacks alive.
        self._callbacks = (
            IMAGE_GIVER(self._give),
            IMAGE_TAKER(self._take_back),
            ABORT_ASKED(self._aborts),
            PROGRESS_ASKED(self._progress),
        )
        behavior.give, behavior.take_back, behavior.aborts, behavior.progress = self._callbacks
        behavior.message_version = self.options.message_version
        behavior.progress_version = self.options.progress_version
        behavior.missing = self.options.missing_suites
        behavior.refused_types = ",".join(self.options.refused_types).encode()
        behavior.refused_props = ",".join(self.options.refused_props).encode()

    def _say_who(self) -> None:
        about = PropertySet(self.library, self.library.th_host_reset())
        about.set("OfxPropName", self.options.name)
        about.set("OfxImageEffectHostPropIsBackground", int(self.options.background))
        about.set("OfxImageEffectPropTemporalClipAccess", int(self.options.temporal))
        about.set("OfxImageEffectPropSupportedPixelDepths", *self.options.depths)
        about.set("OfxImageEffectPropSupportedContexts", FILTER, GENERAL)

    def _open(self, bundle: Path) -> int:
        name = bundle.name.removesuffix(".ofx.bundle")
        binary = bundle / "Contents" / host_arch() / f"{name}.ofx"
        error = create_string_buffer(TEXT_ROOM)
        count: int = self.library.th_open(str(binary).encode(), error, len(error))
        if count < 0:
            self.library.th_close()
            raise ReferenceHostError(f"{binary} cannot be opened: {error.value.decode()}")
        return count

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Destroys what is left, unloads, closes the library."""
        for node in list(self._nodes.values()):
            node.destroy()
        if self._descriptors:
            self.unload()
        self.library.th_close()

    # --- the plug-in

    @property
    def identifier(self) -> str:
        """The plug-in's identifier."""
        found: bytes = self.library.th_plugin_id()
        return found.decode()

    @property
    def version(self) -> tuple[int, int]:
        """The plug-in's major and minor version."""
        return self.library.th_plugin_version(0), self.library.th_plugin_version(1)

    def call(
        self,
        action: str,
        node: Node | None,
        given: int,
        out: int,
        *,
        time: float | None = None,
        output: HostImage | None = None,
        effect: int = 0,
    ) -> int:
        """Calls the plug-in's main entry on this thread; the status."""
        handle = node.handle if node else effect
        if node:
            self._calls.stack.append((node, time, output))
        try:
            status: int = self.library.th_action(action.encode(), handle, given, out)
        finally:
            if node:
                self._calls.stack.pop()
        return status

    def load(self) -> int:
        """OfxActionLoad."""
        return self.call("OfxActionLoad", None, 0, 0)

    def unload(self) -> int:
        """OfxActionUnload; all descriptors are gone."""
        status = self.call("OfxActionUnload", None, 0, 0)
        for descriptor in self._descriptors.values():
            self.library.th_effect_free(descriptor)
        self._descriptors.clear()
        return status

    def describe(self, context: str = "") -> int:
        """Describe, or DescribeInContext for a context; the descriptor is kept until unload."""
        old = self._descriptors.pop(context, None)
        if old is not None:
            self.library.th_effect_free(old)
        descriptor = self.library.th_descriptor_new()
        self._descriptors[context] = descriptor
        if not context:
            return self.call("OfxActionDescribe", None, 0, 0, effect=descriptor)
        with PropertySet(self.library) as given:
            given.set("OfxImageEffectPropContext", context)
            return self.call(
                "OfxImageEffectActionDescribeInContext", None, given.handle, 0, effect=descriptor
            )

    def descriptor(self, context: str = "") -> PropertySet:
        """The effect's properties as they were described."""
        return PropertySet(self.library, self.library.th_effect_props(self._descriptors[context]))

    def described_clips(self, context: str) -> dict[str, PropertySet]:
        """The clips described in a context, in order."""
        return self.clips_of(self._descriptors[context])

    def described_params(self, context: str) -> dict[str, tuple[str, PropertySet]]:
        """The parameters described in a context, in order: name to type and properties."""
        found: dict[str, tuple[str, PropertySet]] = {}
        line = create_string_buffer(TEXT_ROOM)
        for place in itertools.count():
            handle = self.library.th_param_at(self._descriptors[context], place, line, len(line))
            if not handle:
                return found
            name, kind = line.value.decode().split("\t")
            found[name] = (kind, PropertySet(self.library, handle))
        return found

    def clips_of(self, effect: int) -> dict[str, PropertySet]:
        """The clips of a descriptor or an instance."""
        found: dict[str, PropertySet] = {}
        name = create_string_buffer(TEXT_ROOM)
        for place in itertools.count():
            handle = self.library.th_clip_at(effect, place, name, len(name))
            if not handle:
                return found
            found[name.value.decode()] = PropertySet(self.library, handle)
        return found

    def start(self, *contexts: str) -> Self:
        """Load, Describe and DescribeInContext, as every host begins.

        Raises:
            ReferenceHostError: when one of them is not answered with OK.
        """
        steps = [("OfxActionLoad", self.load()), ("OfxActionDescribe", self.describe())]
        steps += [(context, self.describe(context)) for context in contexts or (FILTER, GENERAL)]
        for what, status in steps:
            if status != 0:
                raise ReferenceHostError(f"{what} was answered with status {status}")
        return self

    def create(self, context: str = FILTER) -> Node:
        """CreateInstance in a described context."""
        handle = self.library.th_instance_new(self._descriptors[context])
        node = Node(self, handle, context)
        self._nodes[handle] = node
        status = self.call("OfxActionCreateInstance", node, 0, 0)
        if status not in (0, 14):
            raise ReferenceHostError(f"CreateInstance was answered with status {status}")
        return node

    def forget(self, node: Node) -> None:
        """After DestroyInstance."""
        self._nodes.pop(node.handle, None)
        self.library.th_effect_free(node.handle)

    # --- notes

    def note(self, text: str) -> None:
        """Notes a broken rule that Python found."""
        self._own_notes.append(text)

    def notes(self) -> list[str]:
        """Every rule the plug-in broke so far, as sentences."""
        found = [
            self.library.th_note(index).decode() for index in range(self.library.th_note_count())
        ]
        return found + self._own_notes

    def check(self) -> None:
        """Raises ReferenceHostError when a rule was broken or an image is still held."""
        notes = self.notes()
        if self._held:
            notes.append(f"{len(self._held)} images are still held")
        if notes:
            raise ReferenceHostError("; ".join(notes))

    # --- what the C side asks, on the thread of the action

    def _give(self, effect: int, clip: bytes, time: float, given: Any) -> int:
        node = self._nodes.get(effect)
        if node is None or not self._calls.stack:
            self.note("an image was asked for a node that does not exist")
            return 1
        name = clip.decode()
        _, current, output = self._calls.stack[-1]
        if name == "Output":
            image = output
        else:
            node.asked.append((name, time))
            footage = node.footage.get(name)
            shown = time if self.options.temporal or current is None else current
            image = footage(shown) if footage else None
        if image is None:
            return 1
        token = next(self._tokens)
        self._held[token] = (image, name == "Output")
        it = given.contents
        it.data, it.row_bytes, it.token = image.address, image.row_bytes, token
        it.bounds[:] = image.bounds
        it.depth, it.components = image.depth, image.components
        it.premult, it.uid, it.field = image.premult, image.uid, image.field
        it.scale[:] = image.scale
        it.par, it.leave_out = 1.0, image.leave_out
        return 0

    def _take_back(self, token: int) -> None:
        image, is_output = self._held.pop(token)
        if self.options.checks_memory and not is_output and image.changed():
            self.note("an input image was written into")

    def _aborts(self, effect: int) -> int:
        node = self._nodes.get(effect)
        return int(node is not None and node.stop())

    def _progress(self, what: bytes, fraction: float) -> int:
        self.progress.append((what.decode(), fraction))
        return int(not self.cancels())
