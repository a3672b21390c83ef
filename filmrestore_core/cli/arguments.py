"""Arguments that several commands share, and how they become settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from filmrestore_core.color.encoding import find_encoding
from filmrestore_core.errors import DeviceError, SettingsError
from filmrestore_core.framerange import FrameRange
from filmrestore_core.matte import DETECTED_CLASSES
from filmrestore_core.params import param_specs
from filmrestore_core.presets import DEFAULT_PRESET, load_preset, preset_description, preset_names
from filmrestore_core.runtime.device import Device
from filmrestore_core.settings import RestoreSettings
from filmrestore_core.yamlfile import parse_yaml

_LOOKS = "Looks"
_RUN = "Run"

Input = Annotated[
    str,
    typer.Argument(
        metavar="INPUT",
        help="The film: a movie, a folder, or a sequence such as reel.####.dpx, reel.%04d.exr, "
        "reel.$F4.exr, reel.[1001-1100].exr.",
        show_default=False,
    ),
]
Frames = Annotated[
    str | None,
    typer.Option(
        "--frames", "-f", metavar="RANGE", help="Only these frames: 1001-1100, 1-10x2, 1,3,5-9."
    ),
]
Preset = Annotated[
    str,
    typer.Option(
        "--preset",
        "-p",
        metavar="NAME",
        rich_help_panel=_LOOKS,
        help=". ".join(f"{n}: {preset_description(n).rstrip('.')}" for n in preset_names())
        + ". Or a .yaml file of your own.",
    ),
]
Sensitivity = Annotated[
    float | None,
    typer.Option(
        "--sensitivity",
        "-s",
        metavar="0..1",
        rich_help_panel=_LOOKS,
        help="Low leaves doubtful marks alone, high finds fainter ones. Standard is 0.5.",
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(
        "--classes",
        metavar="LIST",
        rich_help_panel=_LOOKS,
        help=f"Look only for these: {', '.join(DETECTED_CLASSES)}.",
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        rich_help_panel=_LOOKS,
        help="Change any setting, for instance detect.grow=2; 'filmrestore info --settings' "
        "lists them. May be given again.",
    ),
]
EncodingName = Annotated[
    str,
    typer.Option(
        "--encoding",
        "-e",
        metavar="NAME",
        rich_help_panel=_LOOKS,
        help="How code values mean light: auto reads it from the file; 'filmrestore info "
        "--encodings' lists the names.",
    ),
]
DiffusionModel = Annotated[
    Path | None,
    typer.Option(
        "--diffusion-model",
        metavar="DIR",
        rich_help_panel=_LOOKS,
        help="Fill large holes, and those that no neighbour shows, by a diffusers inpainting "
        "pipeline (Stable Diffusion, SDXL, SD3, Flux) in this folder; needs the extra 'diffusion'.",
    ),
]
MatteIn = Annotated[
    str | None,
    typer.Option(
        "--matte",
        metavar="FILES",
        help="A matte of your own (painted, or a scanner's infrared map) that says what to repair "
        "instead of what is found; --set matte.join=add lets it join.",
    ),
]
HoldOut = Annotated[
    str | None,
    typer.Option(
        "--hold-out",
        metavar="FILES",
        help="A matte of what must not be touched, whatever is found.",
    ),
]
Cuts = Annotated[
    Path | None,
    typer.Option(
        "--cuts",
        metavar="FILE",
        help="Where shots begin: an .otio or .edl timeline, or text with one frame number or time "
        "code a line. Switches the search for cuts off.",
    ),
]
DeviceName = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="NAME",
        rich_help_panel=_RUN,
        help="Where nets run: auto, cpu, cuda, tensorrt, coreml or directml; 'filmrestore models "
        "devices' says what is here.",
    ),
]
ModelsFolder = Annotated[
    Path | None,
    typer.Option(
        "--models",
        metavar="FOLDER",
        rich_help_panel=_RUN,
        help="A shelf of further nets; without it the user's own.",
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        "--workers",
        min=0,
        max=64,
        rich_help_panel=_RUN,
        help="Frames in work at once; 0 for one a core. More need more memory and change no "
        "result.",
    ),
]
Memory = Annotated[
    float,
    typer.Option(
        "--memory",
        metavar="GB",
        min=0.1,
        rich_help_panel=_RUN,
        help="Memory for neighbouring frames kept at hand; less is slower and changes no result.",
    ),
]


def settings_of(
    preset: str = DEFAULT_PRESET,
    *,
    sensitivity: float | None = None,
    classes: str | None = None,
    encoding: str = "auto",
    changes: list[str] | None = None,
    diffusion_model: Path | None = None,
) -> RestoreSettings:
    """Settings from the flags: preset first, then --set, then the flags of their own.

    Raises:
        SettingsError: a name or value is wrong.
        EncodingError: there is no such encoding.
    """
    values: dict[str, Any] = {}
    known = {spec.path for spec in param_specs()}
    for change in changes or []:
        key, equals, text = change.partition("=")
        if not equals:
            raise SettingsError(f"--set '{change}' has no value.", hint="write KEY=VALUE")
        if key not in known:
            # The settings' own check names the nearest key.
            load_preset(changes={key: text})
        values[key] = parse_yaml(f"value: {text}", name=f"--set {key}").values.get("value")
    if sensitivity is not None:
        values["detect.sensitivity"] = sensitivity
    if classes is not None:
        values |= _class_switches(classes)
    if diffusion_model is not None:
        method = values.setdefault("repair.method", "diffusion")
        if method != "diffusion":
            raise SettingsError(
                f"--diffusion-model is given, but repair.method is '{method}'.",
                hint="leave one of the two out",
            )
        values["diffusion.model"] = str(diffusion_model)
    if encoding != "auto":
        values["picture.encoding"] = find_encoding(encoding).name
    return load_preset(preset, changes=values)


def frames_of(text: str | None, available: FrameRange) -> FrameRange:
    """The wanted frames: those named, else all from the clip's first to its last that exist.

    Raises:
        SettingsError: the text is no range, or names no frame that the clip has.
    """
    if text is None:
        return available
    wanted = FrameRange.parse(text)
    if not wanted.intersect(available):
        have = (
            available.format()
            if len(available.format()) < 60
            else (f"{available.first}-{available.last}")
        )
        raise SettingsError(f"None of the frames {text} is in the clip, which has {have}.")
    return wanted


def device_of(name: str) -> Device:
    """The device of that name.

    Raises:
        DeviceError: there is no device of that name.
    """
    try:
        return Device(name.lower())
    except ValueError as error:
        raise DeviceError(
            f"There is no device called '{name}'.",
            hint=f"known are {', '.join(d.value for d in Device)}",
        ) from error


def _class_switches(text: str) -> dict[str, bool]:
    wanted = {name.strip().lower() for name in text.split(",") if name.strip()}
    unknown = wanted - set(DETECTED_CLASSES)
    if unknown or not wanted:
        what = ", ".join(sorted(unknown)) or "nothing"
        raise SettingsError(
            f"--classes names {what}.", hint=f"choose from {', '.join(DETECTED_CLASSES)}"
        )
    return {f"detect.{c}": c in wanted for c in DETECTED_CLASSES}
