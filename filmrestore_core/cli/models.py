"""`filmrestore models`: the nets on the shelf."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from filmrestore_core.cli.exit_code import ExitCode
from filmrestore_core.models.store import ModelStore, default_user_folder, newest, open_lone

Store = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="FOLDER",
        help="A folder of your own models; else the one this system keeps for your data.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Say it as JSON.")]


def list_models(
    store: Store = None,
    every: Annotated[bool, typer.Option("--all", help="Older versions too.")] = False,
    as_json: AsJson = False,
) -> int:
    """List the models: those of the package and your own."""
    cards = _store(store).cards()
    shown = cards if every else newest(cards)
    if as_json:
        typer.echo(json.dumps([card.values() for card in shown], indent=1, ensure_ascii=True))
        return ExitCode.DONE
    if not shown:
        typer.echo("There is no model yet.")
        return ExitCode.DONE
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("model", "version", "for", "frames", "numbers", "license"):
        table.add_column(column, overflow="fold")
    for card in shown:
        compute = card.precision.compute
        frames = str(card.temporal.size)
        table.add_row(card.id, card.version, str(card.task), frames, compute, card.license)
    Console(highlight=False, emoji=False).print(table)
    return ExitCode.DONE


def show(
    name: Annotated[str, typer.Argument(metavar="MODEL", help="id or id-version.")],
    store: Store = None,
) -> int:
    """Show a model's card."""
    card = _store(store).card(name)
    typer.echo(json.dumps(card.values(), indent=1, ensure_ascii=True))
    return ExitCode.DONE


def add(
    file: Annotated[Path, typer.Argument(metavar="FILE.onnx", help="It carries its card.")],
    store: Store = None,
) -> int:
    """Take a model file into your own store, once it has proved to be what its card says."""
    from filmrestore_core.runtime.device import Device
    from filmrestore_core.runtime.session import Session

    model = open_lone(file)
    Session(model.card, model.content, device=Device.CPU)
    card = _store(store).add(file)
    typer.echo(f"{card.name} is there now.")
    return ExitCode.DONE


def verify(
    name: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="id or id-version; else all.")
    ] = None,
    store: Store = None,
) -> int:
    """Check that model files are those that were published."""
    found = _store(store).verify(name)
    for checked in found:
        typer.echo(f"{checked.name}: {checked.fault or 'as published'}")
    faults = sum(bool(checked.fault) for checked in found)
    typer.echo(f"{len(found)} checked, {faults} with a fault.")
    return ExitCode.FAILED if faults else ExitCode.DONE


def devices(as_json: AsJson = False) -> int:
    """Say where nets can run on this machine, and which of it is taken by itself."""
    from filmrestore_core.errors import DeviceError
    from filmrestore_core.runtime.device import PROVIDERS, Device
    from filmrestore_core.runtime.session import find_device

    said: dict[str, str] = {}
    for device in (Device.AUTO, *PROVIDERS):
        try:
            said[device.value] = find_device(device).reason
        except DeviceError as error:
            said[device.value] = f"Not here: {error}"
    if as_json:
        typer.echo(json.dumps(said, indent=1, ensure_ascii=True))
        return ExitCode.DONE
    for name, reason in said.items():
        typer.echo(f"{name:<9} {reason}")
    return ExitCode.DONE


def _store(folder: Path | None) -> ModelStore:
    return ModelStore(default_user_folder() if folder is None else folder)
