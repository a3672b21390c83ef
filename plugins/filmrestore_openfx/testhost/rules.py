"""What the standard says about a descriptor, looked at after describing."""

from __future__ import annotations

from typing import Final

from filmrestore_openfx.testhost.host import FILTER, ReferenceHost
from filmrestore_openfx.testhost.property_set import PropertySet, Value

# Names of the standard (1.5) with their types, as far as an image effect may set them when it is
# described. A name that is none of these is a misspelling: hosts pass over it in silence.
_LABELS: Final = {
    "OfxPropName": "s",
    "OfxPropLabel": "s",
    "OfxPropShortLabel": "s",
    "OfxPropLongLabel": "s",
}
_EFFECT: Final = {
    **_LABELS,
    "OfxPropPluginDescription": "s",
    "OfxPropVersion": "i",
    "OfxPropVersionLabel": "s",
    "OfxPropIcon": "s",
    "OfxImageEffectPluginPropGrouping": "s",
    "OfxImageEffectPluginPropSingleInstance": "i",
    "OfxImageEffectPluginRenderThreadSafety": "s",
    "OfxImageEffectPluginPropHostFrameThreading": "i",
    "OfxImageEffectPluginPropFieldRenderTwiceAlways": "i",
    "OfxImageEffectPluginPropOverlayInteractV1": "p",
    "OfxImageEffectPropSupportedContexts": "s",
    "OfxImageEffectPropSupportedPixelDepths": "s",
    "OfxImageEffectPropTemporalClipAccess": "i",
    "OfxImageEffectPropSupportsTiles": "i",
    "OfxImageEffectPropSupportsMultiResolution": "i",
    "OfxImageEffectPropMultipleClipDepths": "i",
    "OfxImageEffectPropSupportsMultipleClipPARs": "i",
    "OfxImageEffectPropClipPreferencesSlaveParam": "s",
    "OfxImageEffectInstancePropSequentialRender": "i",
    "OfxImageEffectPropCPURenderSupported": "s",
    "OfxImageEffectPropOpenGLRenderSupported": "s",
    "OfxImageEffectPropCudaRenderSupported": "s",
    "OfxImageEffectPropCudaStreamSupported": "s",
    "OfxImageEffectPropMetalRenderSupported": "s",
    "OfxImageEffectPropOpenCLRenderSupported": "s",
    "OfxImageEffectPropNoSpatialAwareness": "s",
    "OfxImageEffectPropColourManagementStyle": "s",
    "OfxImageEffectPropColourManagementAvailableConfigs": "s",
    "OfxImageEffectPluginPropObsolete": "i",
}
_CLIP: Final = {
    **_LABELS,
    "OfxImageEffectPropSupportedComponents": "s",
    "OfxImageEffectPropTemporalClipAccess": "i",
    "OfxImageEffectPropSupportsTiles": "i",
    "OfxImageClipPropOptional": "i",
    "OfxImageClipPropIsMask": "i",
    "OfxImageClipPropFieldExtraction": "s",
}
_PARAM: Final = {
    **_LABELS,
    "OfxPropIcon": "s",
    "OfxParamPropHint": "s",
    "OfxParamPropScriptName": "s",
    "OfxParamPropParent": "s",
    "OfxParamPropEnabled": "i",
    "OfxParamPropSecret": "i",
    "OfxParamPropAnimates": "i",
    "OfxParamPropEvaluateOnChange": "i",
    "OfxParamPropPersistant": "i",
    "OfxParamPropCanUndo": "i",
    "OfxParamPropPluginMayWrite": "i",
    "OfxParamPropCacheInvalidation": "s",
    "OfxParamPropIncrement": "d",
    "OfxParamPropDigits": "i",
    "OfxParamPropDoubleType": "s",
    "OfxParamPropDimensionLabel": "s",
    "OfxParamPropChoiceOption": "s",
    "OfxParamPropChoiceOrder": "i",
    "OfxParamPropChoiceEnum": "s",
    "OfxParamPropStringMode": "s",
    "OfxParamPropStringFilePathExists": "i",
    "OfxParamPropGroupOpen": "i",
    "OfxParamPropPageChild": "s",
    "OfxParamPropDefaultCoordinateSystem": "s",
}
_RANGES: Final = (
    "OfxParamPropDefault",
    "OfxParamPropMin",
    "OfxParamPropMax",
    "OfxParamPropDisplayMin",
    "OfxParamPropDisplayMax",
)
_LETTERS: Final = {
    "OfxParamTypeInteger": "i",
    "OfxParamTypeBoolean": "i",
    "OfxParamTypeChoice": "i",
    "OfxParamTypeInteger2D": "i",
    "OfxParamTypeInteger3D": "i",
    "OfxParamTypeString": "s",
    "OfxParamTypeStrChoice": "s",
    "OfxParamTypeCustom": "s",
}
_VALUELESS: Final = {"OfxParamTypeGroup", "OfxParamTypePage", "OfxParamTypePushButton"}
_LATE: Final = {"OfxParamTypeString", "OfxParamTypeCustom"}


def descriptor_notes(host: ReferenceHost, contexts: tuple[str, ...]) -> list[str]:
    """Everything in the described effect, clips and parameters that breaks a rule, as sentences."""
    notes = _names("effect", host.descriptor(), _EFFECT)
    notes += _effect_notes(host.descriptor())
    for context in contexts:
        notes += _clip_notes(context, host.described_clips(context))
        notes += _param_notes(context, host.described_params(context))
    return notes


def _names(what: str, described: PropertySet, known: dict[str, str]) -> list[str]:
    notes = []
    for name, (letter, _) in described.all().items():
        if name not in known:
            notes.append(f"{what}: {name} is no property of the standard")
        elif known[name] != letter:
            notes.append(f"{what}: {name} is of type {known[name]}, not {letter}")
    return notes


def _effect_notes(effect: PropertySet) -> list[str]:
    notes = [
        f"effect: {name} is missing"
        for name in (
            "OfxPropLabel",
            "OfxImageEffectPluginPropGrouping",
            "OfxImageEffectPropSupportedContexts",
            "OfxImageEffectPropSupportedPixelDepths",
        )
        if not effect.get(name)
    ]
    for name in ("OfxImageEffectPropSupportedContexts", "OfxImageEffectPropSupportedPixelDepths"):
        values = effect.get(name)
        if len(set(values)) != len(values) or "" in values:
            notes.append(f"effect: {name} holds empty or double values")
    return notes


def _clip_notes(context: str, clips: dict[str, PropertySet]) -> list[str]:
    notes = []
    for wanted in ("Source", "Output"):
        if wanted not in clips:
            notes.append(f"{context}: clip {wanted} is missing")
    for name, clip in clips.items():
        notes += _names(f"{context}: clip {name}", clip, _CLIP)
        if not clip.get("OfxImageEffectPropSupportedComponents"):
            notes.append(f"{context}: clip {name} supports no components")
        optional = clip.get("OfxImageClipPropOptional") == [1]
        if context == FILTER and name not in {"Source", "Output"} and not optional:
            notes.append(f"{context}: clip {name} must be optional")
    return notes


def _param_notes(context: str, params: dict[str, tuple[str, PropertySet]]) -> list[str]:
    notes: list[str] = []
    groups = {name for name, (kind, _) in params.items() if kind == "OfxParamTypeGroup"}
    late = False
    for name, (kind, described) in params.items():
        where = f"{context}: parameter {name}"
        letter = _LETTERS.get(kind, "d")
        ranges = {} if kind in _VALUELESS else dict.fromkeys(_RANGES, letter)
        notes += _names(where, described, {**_PARAM, **ranges})
        parent = described.get("OfxParamPropParent")
        if parent and parent[0] not in groups:
            notes.append(f"{where} stands in the group {parent[0]}, which does not exist")
        for child in described.get("OfxParamPropPageChild"):
            if child not in params:
                notes.append(f"{where} shows {child}, which does not exist")
        if kind != "OfxParamTypePage" and not described.get("OfxPropLabel"):
            notes.append(f"{where} has no label")
        if kind not in _VALUELESS and not described.get("OfxParamPropHint"):
            notes.append(f"{where} has no hint")
        # A host that lacks the String type drops every parameter after the first of it.
        if late and kind not in _LATE and kind != "OfxParamTypePage":
            notes.append(f"{where} comes after a String or Custom parameter")
        late = late or kind in _LATE
        notes += _range_notes(where, kind, described)
    return notes


def _range_notes(where: str, kind: str, described: PropertySet) -> list[str]:
    default, low, high, shown_low, shown_high = (described.get(name) for name in _RANGES)
    if kind == "OfxParamTypeChoice":
        options = described.get("OfxParamPropChoiceOption")
        if len(options) < 2 or len(set(options)) != len(options):
            return [f"{where} has fewer than two options, or double ones"]
        index = default[0] if default else 0
        return (
            []
            if isinstance(index, int) and 0 <= index < len(options)
            else [f"{where} has the default {index} of {len(options)} options"]
        )
    if kind not in {"OfxParamTypeDouble", "OfxParamTypeInteger"}:
        return []
    if not (default and low and high and shown_low and shown_high):
        return [f"{where} lacks a default, a range or a display range"]
    numbers = [_number(values[0]) for values in (low, shown_low, shown_high, high)]
    if numbers != sorted(numbers) or not numbers[0] <= _number(default[0]) <= numbers[3]:
        return [f"{where}: default {default[0]} and ranges {numbers} do not stand in order"]
    return []


def _number(value: Value) -> float:
    return float(value)
