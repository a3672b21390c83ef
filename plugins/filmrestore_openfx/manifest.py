"""The manifest: what the shim plays to a host, so that describing the node starts no Python."""

from __future__ import annotations

from pathlib import Path

from filmrestore_core import __version__
from filmrestore_openfx import effect
from filmrestore_openfx.control import Control, ParamType, StringMode
from filmrestore_openfx.controls import controls
from filmrestore_openfx.gather import MASK, MATTE, SOURCE
from filmrestore_openfx.lines import join_fields
from filmrestore_openfx.node_values import preset_controls

PLUGIN_ID = "org.filmrestore.Restore"
VERSION = (1, 1)
"""Major: renders may differ. Minor: only more than before."""

FORMAT = 1
PROTOCOL = 1

_GENERAL = "OfxImageEffectContextGeneral"
_FILTER = "OfxImageEffectContextFilter"
_DESCRIPTION = (
    "Finds dirt, sparkle, hairs and scratches on scanned film and repairs only those: every "
    "sample outside the damage keeps its bits.\n"
    "Looks at up to five frames on each side. 'filmrestore openfx doctor' says what is installed."
)

Property = tuple[str, str, int | float | str]


def manifest(python: Path, about: tuple[str, str, str, str]) -> str:
    """The manifest's text.

    Args:
        python: interpreter that has filmrestore, absolute.
        about: version, models, device and log file, as the About group shows them.
    """
    lines = [
        join_fields("filmrestore-openfx-manifest", FORMAT),
        join_fields("id", PLUGIN_ID),
        join_fields("version", *VERSION),
        join_fields("protocol", PROTOCOL),
        join_fields("package", __version__),
        join_fields("python", python),
        join_fields("worker", "module", "filmrestore_openfx.worker"),
        *_actions(),
        *_effect(),
        *_clips(),
    ]
    for control in controls(about):
        lines.append(join_fields("param", control.type.value, control.name))
        lines += _properties(_control(control))
    return "\n".join(lines) + "\n"


def _actions() -> list[str]:
    watched = ",".join(("preset", *preset_controls()))
    return [
        join_fields("forward", effect.RENDER, "start"),
        join_fields("forward", effect.IS_IDENTITY, "start"),
        join_fields("forward", effect.FRAMES_NEEDED, "start"),
        join_fields("forward", effect.BEGIN_SEQUENCE, "start"),
        join_fields("forward", effect.PURGE, "running"),
        join_fields("forward", effect.INSTANCE_CHANGED, "start", watched),
        # A net looks at the surroundings of every pixel.
        *(join_fields("roi", "whole", name) for name in (SOURCE, MASK, MATTE)),
        join_fields("rod", SOURCE),
        join_fields("answer", "OfxImageEffectActionGetClipPreferences"),
        *_properties([("i", "OfxImageEffectFrameVarying", 0)]),
        join_fields("answer", "OfxImageEffectActionGetOutputColourspace"),
        *_properties([("s", "OfxImageClipPropColourspace", "OfxColourspace_Source")]),
    ]


def _effect() -> list[str]:
    lines = [join_fields("effect")]
    lines += _properties(
        [
            ("s", "OfxPropLabel", "FilmRestore"),
            ("s", "OfxPropShortLabel", "FilmRestore"),
            ("s", "OfxPropLongLabel", "FilmRestore: film dirt and scratch repair"),
            ("s", "OfxPropPluginDescription", _DESCRIPTION),
            ("s", "OfxPropVersionLabel", __version__),
            ("s", "OfxImageEffectPluginPropGrouping", "Film"),
            ("i", "OfxImageEffectPropTemporalClipAccess", 1),
            ("i", "OfxImageEffectPropSupportsTiles", 0),
            ("i", "OfxImageEffectPropSupportsMultiResolution", 1),
            ("i", "OfxImageEffectPropMultipleClipDepths", 0),
            ("i", "OfxImageEffectPropSupportsMultipleClipPARs", 0),
            ("i", "OfxImageEffectPluginPropSingleInstance", 0),
            ("i", "OfxImageEffectPluginPropHostFrameThreading", 0),
            ("i", "OfxImageEffectPluginPropFieldRenderTwiceAlways", 0),
            ("i", "OfxImageEffectInstancePropSequentialRender", 2),
            ("s", "OfxImageEffectPluginRenderThreadSafety", "OfxImageEffectRenderInstanceSafe"),
            ("s", "OfxImageEffectPropCPURenderSupported", "true"),
            ("s", "OfxImageEffectPropOpenGLRenderSupported", "false"),
            ("s", "OfxImageEffectPropCudaRenderSupported", "false"),
            ("s", "OfxImageEffectPropNoSpatialAwareness", "false"),
            (
                "s",
                "OfxImageEffectPropColourManagementStyle",
                "OfxImageEffectColourManagementBasic",
            ),
            (
                "s",
                "OfxImageEffectPropColourManagementAvailableConfigs",
                "ofx-native-v1.5_aces-v1.3_ocio-v2.3",
            ),
        ]
    )
    lines += _listed("OfxImageEffectPropSupportedContexts", [_FILTER, _GENERAL])
    depths = ["OfxBitDepthFloat", "OfxBitDepthShort", "OfxBitDepthByte"]
    lines += _listed("OfxImageEffectPropSupportedPixelDepths", depths)
    # Older hosts may stumble over a depth that they do not know.
    half = "OfxBitDepthHalf"
    lines.append(join_fields("if-host", "OfxImageEffectPropSupportedPixelDepths", half))
    lines.append(join_fields("prop", "s", "OfxImageEffectPropSupportedPixelDepths", 3, half))
    return lines


def _clips() -> list[str]:
    picture = [f"OfxImageComponent{kind}" for kind in ("RGBA", "RGB", "Alpha")]
    lines = [join_fields("clip", SOURCE)]
    lines += _clip("Source", picture, temporal=True)
    for name, label in ((MASK, "Mask"), (MATTE, "Damage Matte")):
        lines.append(join_fields("clip", name, _GENERAL))
        lines += _clip(label, ["OfxImageComponentAlpha"], temporal=True)
        lines += _properties(
            [
                ("i", "OfxImageClipPropOptional", 1),
                ("i", "OfxImageClipPropIsMask", int(name == MASK)),
            ]
        )
    lines.append(join_fields("clip", "Output"))
    return lines + _clip("Output", picture, temporal=False)


def _clip(label: str, components: list[str], *, temporal: bool) -> list[str]:
    return [
        *_properties([("s", "OfxPropLabel", label)]),
        *_listed("OfxImageEffectPropSupportedComponents", components),
        *_properties(
            [
                ("i", "OfxImageEffectPropTemporalClipAccess", int(temporal)),
                ("i", "OfxImageEffectPropSupportsTiles", 0),
                ("s", "OfxImageClipPropFieldExtraction", "OfxFieldBoth"),
            ]
        ),
    ]


def _control(control: Control) -> list[Property]:
    """A parameter's properties but for lists."""
    found: list[Property] = [
        ("s", "OfxPropLabel", control.label),
        ("s", "OfxParamPropScriptName", control.name),
    ]
    if control.hint:
        found.append(("s", "OfxParamPropHint", control.hint))
    if control.parent:
        found.append(("s", "OfxParamPropParent", control.parent))
    if control.type is ParamType.GROUP:
        is_open = control.name == "damageGroup"
        found.append(("i", "OfxParamPropGroupOpen", int(is_open)))
    found += [("s", "OfxParamPropPageChild", name) for name in control.children]
    if control.holds_value:
        found += _value(control)
    return found


def _value(control: Control) -> list[Property]:
    found: list[Property] = []
    if control.type in (ParamType.DOUBLE, ParamType.INTEGER):
        kind = "d" if control.type is ParamType.DOUBLE else "i"
        number = float if kind == "d" else int
        found.append((kind, "OfxParamPropDefault", number(control.default)))
        limits = {"Min": control.minimum, "Max": control.maximum}
        if control.shown is not None:
            limits |= {"DisplayMin": control.shown[0], "DisplayMax": control.shown[1]}
        found += [
            (kind, f"OfxParamProp{name}", number(v)) for name, v in limits.items() if v is not None
        ]
        if kind == "d":
            found.append(("s", "OfxParamPropDoubleType", "OfxParamDoubleTypePlain"))
            found.append(("d", "OfxParamPropIncrement", 0.01))
            found.append(("i", "OfxParamPropDigits", 2))
    elif control.type is ParamType.STRING:
        found.append(("s", "OfxParamPropDefault", str(control.default)))
        found.append(("s", "OfxParamPropStringMode", str(control.mode)))
        found.append(("i", "OfxParamPropAnimates", 0))
        if control.mode is StringMode.FILE:
            found.append(("i", "OfxParamPropStringFilePathExists", 1))
        else:
            found.append(("i", "OfxParamPropPersistant", 0))
            found.append(("i", "OfxParamPropEvaluateOnChange", 0))
    else:
        found.append(("i", "OfxParamPropDefault", int(control.default)))
        if control.type is ParamType.CHOICE:
            found.append(("i", "OfxParamPropAnimates", 0))
            found += [("s", "OfxParamPropChoiceOption", option) for option in control.options]
    return found


def _properties(found: list[Property]) -> list[str]:
    """Property lines; a name that comes again goes to the next index."""
    lines: list[str] = []
    counts: dict[str, int] = {}
    for kind, name, value in found:
        index = counts.get(name, 0)
        counts[name] = index + 1
        lines.append(join_fields("prop", kind, name, index, value))
    return lines


def _listed(name: str, values: list[str]) -> list[str]:
    return _properties([("s", name, value) for value in values])
