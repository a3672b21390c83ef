"""An instance of the plug-in in the reference host: parameters, clips, and every action."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from ctypes import byref, c_double, c_int, create_string_buffer
from typing import TYPE_CHECKING, Final

from filmrestore_openfx.testhost.host_image import HostImage, Window
from filmrestore_openfx.testhost.property_set import PropertySet, Value

if TYPE_CHECKING:
    from filmrestore_openfx.testhost.host import ReferenceHost

OK: Final = 0
FAILED: Final = 1
REPLY_DEFAULT: Final = 14
ABORTED: Final = FAILED  # the standard has no status of its own for it

Footage = Callable[[float], HostImage | None]


class Node:
    """One instance. Made by ReferenceHost.create; freed by destroy."""

    def __init__(self, host: ReferenceHost, handle: int, context: str) -> None:
        self.host = host
        self.handle = handle
        self.context = context
        self.footage: dict[str, Footage] = {}
        self.asked: list[tuple[str, float]] = []
        self.stop: Callable[[], bool] = lambda: False
        self._library: ctypes.CDLL = host.library
        self.properties = PropertySet(self._library, self._library.th_effect_props(handle))
        self.properties.set("OfxImageEffectPropContext", context)

    # --- clips

    def clips(self) -> dict[str, PropertySet]:
        """The instance's clips by name, in the order of their definition."""
        return self.host.clips_of(self.handle)

    def connect(
        self,
        clip: str,
        footage: Footage,
        *,
        first: float | None = None,
        last: float | None = None,
        region: tuple[float, float, float, float] | None = None,
        colourspace: str | None = None,
    ) -> None:
        """Gives a clip pictures: footage(time) is asked at every fetch; None: no such frame."""
        self.footage[clip] = footage
        properties = self.clips()[clip]
        properties.set("OfxImageClipPropConnected", 1)
        if first is not None and last is not None:
            properties.set("OfxImageEffectPropFrameRange", float(first), float(last))
        if region is not None:
            properties.set("OfxImageEffectPropRegionOfDefinition", *map(float, region))
        if colourspace is not None:
            properties.set("OfxImageClipPropColourspace", colourspace)

    # --- parameters

    def set(self, name: str, *values: Value) -> None:
        """Sets a parameter as a project does, with no action called."""
        integers = (c_int * 4)(*[int(v) for v in values if isinstance(v, int | float)])
        reals = (c_double * 4)(*[float(v) for v in values if isinstance(v, int | float)])
        text = next((v for v in values if isinstance(v, str)), "")
        if not self._library.th_param_set(
            self.handle, name.encode(), integers, reals, text.encode()
        ):
            raise KeyError(f"the node has no parameter {name!r}")

    def get(self, name: str) -> list[Value]:
        """The parameter's values."""
        integers, reals = (c_int * 4)(), (c_double * 4)()
        text = create_string_buffer(65536)
        kind = self._library.th_param_get(
            self.handle, name.encode(), integers, reals, text, len(text)
        )
        if not kind:
            raise KeyError(f"the node has no parameter {name!r}")
        if kind == ord("s"):
            return [text.value.decode()]
        return list(integers) if kind == ord("i") else list(reals)

    def refuse_reading(self, name: str) -> None:
        """From now on the host answers reads of this parameter with an error, as some do."""
        self._library.th_param_refuse(self.handle, name.encode(), 1)

    # --- what the node says

    def message(self) -> tuple[str, str] | None:
        """The persistent message that stands on the node: (kind, text), or None."""
        stands, kind, text, _, _ = self._messages()
        return (kind, text) if stands else None

    def message_counts(self) -> tuple[int, int]:
        """How often a message was set and cleared."""
        return self._messages()[3:]

    def _messages(self) -> tuple[bool, str, str, int, int]:
        kind, text = create_string_buffer(64), create_string_buffer(2048)
        times_set, times_cleared = c_int(), c_int()
        stands = self._library.th_message(
            self.handle, kind, 64, text, 2048, byref(times_set), byref(times_cleared)
        )
        return (
            bool(stands),
            kind.value.decode(),
            text.value.decode(),
            times_set.value,
            times_cleared.value,
        )

    # --- actions

    def action(self, name: str, **arguments: Sequence[Value]) -> int:
        """Calls an action with in-arguments by the standard's names; the status."""
        with PropertySet(self._library) as given, PropertySet(self._library) as out:
            for key, values in arguments.items():
                given.set(key, *values)
            return self.host.call(name, self, given.handle, out.handle)

    def ask(self, name: str, **arguments: Sequence[Value]) -> tuple[int, dict[str, list[Value]]]:
        """As action, with the out-arguments that were set."""
        with PropertySet(self._library) as given, PropertySet(self._library) as out:
            for key, values in arguments.items():
                given.set(key, *values)
            status = self.host.call(name, self, given.handle, out.handle)
            return status, {key: values for key, (_, values) in out.all().items()}

    def render(
        self,
        time: float,
        output: HostImage,
        *,
        window: Window | None = None,
        scale: tuple[float, float] = (1.0, 1.0),
        draft: bool = False,
        interactive: bool = False,
    ) -> int:
        """Renders into the output; the status. The window is the output's bounds when None.

        Notes a broken rule when a byte outside the window changed, or when a render that did not
        end with OK changed anything.
        """
        window = output.bounds if window is None else window
        with PropertySet(self._library) as given:
            given.set("OfxPropTime", float(time))
            given.set("OfxImageEffectPropFieldToRender", "OfxFieldNone")
            given.set("OfxImageEffectPropRenderWindow", *window)
            given.set("OfxImageEffectPropRenderScale", *map(float, scale))
            given.set("OfxImageEffectPropSequentialRenderStatus", 0)
            given.set("OfxImageEffectPropInteractiveRenderStatus", int(interactive))
            given.set("OfxImageEffectPropRenderQualityDraft", int(draft))
            status = self.host.call(
                "OfxImageEffectActionRender", self, given.handle, 0, time=time, output=output
            )
        if self.host.options.checks_memory:
            spilled = output.written_outside(window if status == OK else (0, 0, 0, 0))
            if spilled:
                self.host.note(f"render at {time}: {spilled} bytes changed that must not")
        return status

    def frames_needed(self, time: float) -> tuple[int, dict[str, list[Value]]]:
        """GetFramesNeeded: status, and ranges by out-argument."""
        return self.ask("OfxImageEffectActionGetFramesNeeded", OfxPropTime=[float(time)])

    def is_identity(self, time: float, window: Window) -> tuple[int, dict[str, list[Value]]]:
        """IsIdentity: OK with a clip's name, or ReplyDefault."""
        return self.ask(
            "OfxImageEffectActionIsIdentity",
            OfxPropTime=[float(time)],
            OfxImageEffectPropFieldToRender=["OfxFieldNone"],
            OfxImageEffectPropRenderWindow=list(window),
            OfxImageEffectPropRenderScale=[1.0, 1.0],
        )

    def change(self, name: str, *, reason: str = "OfxChangeUserEdited", time: float = 0.0) -> int:
        """InstanceChanged for a parameter, between its begin and end actions."""
        self.action("OfxActionBeginInstanceChanged", OfxPropChangeReason=[reason])
        status = self.action(
            "OfxActionInstanceChanged",
            OfxPropType=["OfxTypeParameter"],
            OfxPropName=[name],
            OfxPropChangeReason=[reason],
            OfxPropTime=[float(time)],
            OfxImageEffectPropRenderScale=[1.0, 1.0],
        )
        self.action("OfxActionEndInstanceChanged", OfxPropChangeReason=[reason])
        return status

    def sequence(self, first: float, last: float, *, begin: bool) -> int:
        """BeginSequenceRender or EndSequenceRender."""
        which = "Begin" if begin else "End"
        return self.action(
            f"OfxImageEffectAction{which}SequenceRender",
            OfxImageEffectPropFrameRange=[float(first), float(last)],
            OfxImageEffectPropFrameStep=[1.0],
            OfxPropIsInteractive=[0],
            OfxImageEffectPropRenderScale=[1.0, 1.0],
            OfxImageEffectPropSequentialRenderStatus=[1],
            OfxImageEffectPropInteractiveRenderStatus=[0],
        )

    def destroy(self) -> int:
        """DestroyInstance, and the instance is gone."""
        status = self.host.call("OfxActionDestroyInstance", self, 0, 0)
        self.host.forget(self)
        return status
