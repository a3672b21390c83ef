"""Host parameters as read -> what the node is to do; sound whatever a host answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from filmrestore_core import Device, RestoreSettings, load_preset
from filmrestore_openfx.control import Control, ParamType
from filmrestore_openfx.controls import (
    ALPHAS,
    DEVICES,
    PRESETS,
    QUALITIES,
    VIEWS,
    controls,
)

# Hosts that keep numbers in 32 bits must not look as if a slider had been moved.
_SAME = 1e-6

_NETS = ("auto", "net", "diffusion")
_MODEL_TEXTS = {
    "modelFile": "detect.model",
    "repairModelFile": "repair.model",
    "diffusionModelFile": "sampler.model",
}


@dataclass(frozen=True, slots=True)
class NodeValues:
    """The node's state at one time.

    Attributes:
        settings: for the Restorer; sizes in pixels are those of the render, not of full size.
        device: where nets run.
        view: one of VIEWS.
        alpha: one of ALPHAS.
        gain: of the Difference view.
        split: where the Split view changes, 0 to 1.
        uses_mask: whether the Mask input counts.
        mask_is_black: restore where the mask is black.
        uses_matte: whether the Damage Matte input counts.
        matte_is_black: the damage matte is black on damage.
        is_draft: nets are left out for speed.
    """

    settings: RestoreSettings
    device: Device
    view: str
    alpha: str
    gain: float
    split: float
    uses_mask: bool
    mask_is_black: bool
    uses_matte: bool
    matte_is_black: bool
    is_draft: bool = False

    @property
    def needs_nets(self) -> bool:
        """True where a net takes part."""
        repair = self.settings.repair
        ways = (repair.method, *repair.by_class.values())
        return self.settings.detect.detector in _NETS or any(way in _NETS for way in ways)

    @property
    def is_source(self) -> bool:
        """True where the answer is Source's picture whatever is on it."""
        if self.alpha == "Matte":
            return False
        repairs = self.settings.repair.strength > 0 and self.settings.repair.method != "none"
        if self.settings.detect.detector == "none" and not self.uses_matte:
            repairs = False
        return self.view == "Source" or (self.view in ("Restored", "Split") and not repairs)


def host_value(control: Control, value: Any) -> Any:
    """A value as read from a host, clamped; the control's default where it is of no use.

    Args:
        control: which control.
        value: what the host gave; None where it gave none.
    """
    default = control.default
    try:
        if value is None:
            return default
        if control.type is ParamType.STRING:
            return str(value)
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return default
    if not math.isfinite(number):
        return default
    if control.type is ParamType.BOOLEAN:
        return number != 0
    if control.type is ParamType.CHOICE:
        return int(number) if 0 <= number < len(control.options) else default
    low = -math.inf if control.minimum is None else control.minimum
    high = math.inf if control.maximum is None else control.maximum
    number = min(max(number, low), high)
    if abs(number - default) <= _SAME * max(1.0, abs(default)):
        return default
    return round(number) if control.type is ParamType.INTEGER else number


def node_values(read: Mapping[str, Any], *, scale: float = 1.0, draft: bool = False) -> NodeValues:
    """What the node is to do.

    The order is: preset, then every control that is off its default; where the preset is Custom,
    every control as it is.

    Args:
        read: control name -> value as the host gave it; what is absent counts as its default.
        scale: render scale; sizes in pixels shrink with it.
        draft: the host asks for a quick picture.

    Raises:
        SettingsError: never for values, which are clamped; a core that lacks a setting.
    """
    values = {name: host_value(c, read.get(name)) for name, c in _by_name().items()}
    preset = PRESETS[values["preset"]]
    changes = core_changes(values, all_of_them=not preset)
    settings = load_preset(preset or "standard", changes=changes)
    is_draft = draft or QUALITIES[values["quality"]] == "Draft"
    if is_draft:
        settings = load_preset(preset or "standard", changes=changes | _draft(settings))
    if scale != 1.0:
        settings = _scaled(settings, scale)
    return NodeValues(
        settings=settings,
        device=Device(DEVICES[values["device"]]),
        view=VIEWS[values["view"]],
        alpha=ALPHAS[values["alpha"]],
        gain=values["differenceGain"],
        split=values["splitAt"],
        uses_mask=values["useMask"],
        mask_is_black=values["maskSide"] == 1,
        uses_matte=values["useDamageMatte"],
        matte_is_black=values["damageMatteSide"] == 1,
        is_draft=is_draft,
    )


def _draft(settings: RestoreSettings) -> dict[str, Any]:
    """What makes settings quick: no net, one neighbour on each side."""
    quick: dict[str, Any] = {"detect.radius": 1}
    if settings.detect.detector in _NETS:
        quick["detect.detector"] = "classical"
    if settings.repair.method in _NETS:
        quick["repair.method"] = "classical"
    for name, way in settings.repair.by_class.items():
        if way in _NETS:
            quick[f"repair.{name}"] = "classical"
    return quick


def core_changes(values: Mapping[str, Any], *, all_of_them: bool) -> dict[str, Any]:
    """Dotted core settings -> values, for all controls or for those off their defaults."""
    changes: dict[str, Any] = {}
    for name, control in _by_name().items():
        value = values[name]
        if control.path and (all_of_them or value != control.default):
            changes[control.path] = core_value(control, value)
    for name, path in _MODEL_TEXTS.items():
        if values[name].strip():
            changes[path] = values[name].strip()
    return changes


def core_value(control: Control, value: Any) -> Any:
    """A control's value as the core's setting takes it."""
    if control.values:
        return control.values[value]
    if control.negated:
        return not value
    if control.unset_at_zero:
        return value if value > 0 else None
    return value


def preset_values(preset: int) -> dict[str, Any]:
    """What the controls show for a preset: name -> host value; empty for Custom."""
    name = PRESETS[preset] if 0 <= preset < len(PRESETS) else ""
    if not name:
        return {}
    document = load_preset(name).model_dump(mode="json")
    shown: dict[str, Any] = {}
    for control in _by_name().values():
        if control.path in PRESET_PATHS:
            value: Any = document
            for key in control.path.split("."):
                value = value[key]
            shown[control.name] = _host_side(control, value)
    return shown


# What a preset may change; the rest describes the picture, the inputs or the shot.
PRESET_PATHS = frozenset(
    f"detect.{name}"
    for name in (
        "sensitivity",
        "dirt",
        "sparkle",
        "hair",
        "scratch",
        "stain",
        "min_area",
        "max_area",
        "grow",
        "soften",
        "radius",
        "motion_protection",
    )
)


def _host_side(control: Control, value: Any) -> Any:
    if control.values:
        return control.values.index(value)
    return not value if control.negated else value


def _scaled(settings: RestoreSettings, scale: float) -> RestoreSettings:
    document = settings.model_dump(mode="json", by_alias=True)
    for control in _by_name().values():
        if control.scaled:
            section, key = control.path.split(".")
            if document[section][key] is None:
                continue
            shrunk = document[section][key] * scale**control.scaled
            most = math.inf if control.maximum is None else control.maximum
            document[section][key] = min(shrunk, most)
    return RestoreSettings.model_validate(document)


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Control]:
    return {control.name: control for control in controls() if control.holds_value}


def preset_controls() -> tuple[str, ...]:
    """Names of the controls that a preset sets."""
    return tuple(c.name for c in _by_name().values() if c.path in PRESET_PATHS)
