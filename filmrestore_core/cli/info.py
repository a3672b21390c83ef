"""`filmrestore info`: what a clip is, and what settings and names there are."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from filmrestore_core.clip import Clip
from filmrestore_core.color.channels import picture_part
from filmrestore_core.color.encoding import encodings
from filmrestore_core.color.suggest import choose_encoding
from filmrestore_core.errors import SettingsError
from filmrestore_core.media.open import open_clip
from filmrestore_core.params import param_specs
from filmrestore_core.presets import preset_description, preset_names

_SHOWN_ATTRIBUTES = 60


def info(
    input: Annotated[
        str | None, typer.Argument(metavar="[INPUT]", help="A movie, folder or sequence.")
    ] = None,
    frame: Annotated[
        int | None, typer.Option("--frame", help="Look at this frame; else the first.")
    ] = None,
    settings: Annotated[
        bool, typer.Option("--settings", help="List all settings with bounds and defaults.")
    ] = False,
    encodings_: Annotated[
        bool, typer.Option("--encodings", help="List the names --encoding takes.")
    ] = False,
    presets: Annotated[bool, typer.Option("--presets", help="List the presets.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say it as JSON.")] = False,
) -> None:
    """Say what a clip holds: frames, gaps, formats, encoding, metadata."""
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    if not (input or settings or encodings_ or presets):
        raise SettingsError(
            "'filmrestore info' was given nothing to look at.",
            hint="name a clip, or --settings, --encodings or --presets",
        )
    if settings:
        _settings_table(console)
    if encodings_:
        _two_columns(console, [(e.name, e.description) for e in encodings()])
    if presets:
        _two_columns(console, [(n, preset_description(n)) for n in preset_names()])
    if input is not None:
        values = describe(open_clip(input), frame)
        if as_json:
            typer.echo(json.dumps(values, indent=1, default=str, ensure_ascii=True))
        else:
            _print(console, values)


def describe(clip: Clip, number: int | None = None) -> dict[str, Any]:
    """What a clip holds, as plain values; one frame is read whole.

    Raises:
        MediaError: the frame cannot be read.
    """
    numbers = clip.numbers
    number = numbers.first if number is None else number
    frame = clip.read(number)
    values: dict[str, Any] = {
        "clip": clip.name,
        "frames": numbers.format(),
        "count": len(numbers),
        "missing": numbers.gaps.format(),
        "rate": None if clip.rate is None else str(clip.rate),
        "looked at": number,
        "file": None if frame.source is None else str(frame.source),
        "restorable": frame.locked is None,
    }
    if frame.locked is not None:
        values["why not"] = frame.locked
    else:
        part = frame.parts[picture_part(frame)]
        encoding, reason = choose_encoding("auto", part, frame.source)
        values["encoding"] = f"{encoding.name} ({reason})"
    values["notes"] = list(frame.notes)
    values["parts"] = [
        {
            "name": part.name,
            "channels": {n: f"{f.dtype}, {f.bits} bit" for n, f in part.formats.items()},
            "data window": _box(part.data_window),
            "display window": _box(part.display_window),
            "attributes": {k: _short(v) for k, v in part.attributes.items()},
        }
        for part in frame.parts
    ]
    return values


def _print(console: Console, values: dict[str, Any]) -> None:
    parts = values.pop("parts")
    rows = []
    for key, value in values.items():
        text = "; ".join(value) if isinstance(value, list) else value
        if text not in (None, ""):
            rows.append(
                (
                    key,
                    {True: "yes", False: "no"}.get(text, str(text))
                    if isinstance(text, bool)
                    else str(text),
                )
            )
    _two_columns(console, rows)
    for part in parts:
        console.print(f"part '{part['name']}'" if part["name"] else "picture", markup=False)
        attributes = list(part["attributes"].items())
        more = [("...", f"{len(attributes) - _SHOWN_ATTRIBUTES} more; --json lists all")]
        _two_columns(
            console,
            [
                ("  channels", ", ".join(f"{n} ({f})" for n, f in part["channels"].items())),
                ("  data window", part["data window"]),
                ("  display window", part["display window"]),
                *((f"  {k}", str(v)) for k, v in attributes[:_SHOWN_ATTRIBUTES]),
                *(more if len(attributes) > _SHOWN_ATTRIBUTES else []),
            ],
        )


def _settings_table(console: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("setting", no_wrap=True)
    for column in ("default", "values", "what it does"):
        table.add_column(column, overflow="fold")
    for spec in param_specs():
        if spec.choices:
            values = ", ".join(spec.choices)
        elif spec.minimum is not None and spec.maximum is not None:
            values = f"{spec.minimum:.10g} to {spec.maximum:.10g} {spec.unit}".strip()
        else:
            values = {"bool": "true, false"}.get(spec.kind, spec.kind)
        if spec.optional:
            values += ", or empty"
        table.add_row(spec.path, _as_given(spec.default), values, spec.help)
    console.print(table)


def _as_given(value: Any) -> str:
    """A setting's value as --set takes it; 1.0 is not true, though they are equal."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return "empty" if value in (None, "") else str(value)


def _two_columns(console: Console, rows: list[tuple[str, str]]) -> None:
    width = max((len(name) for name, _ in rows), default=0)
    for name, text in rows:
        console.print(f"{name:<{width}}  {text}", markup=False)


def _box(box: Any) -> str:
    return f"{box.width} x {box.height} at {box.x},{box.y}"


def _short(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    text = str(value)
    return value if len(text) <= 200 else text[:200] + " ..."
