"""`filmrestore openfx`: the node into hosts, out of them, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="openfx",
    help="Install the OpenFX node for Nuke, Natron, Resolve, Fusion, Flame and others.",
    no_args_is_help=True,
)

Folder = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        metavar="FOLDER",
        help="Where bundles lie; else a folder of your own, for which no admin rights are needed.",
        show_default=False,
    ),
]


@app.command("install")
def install_command(
    folder: Folder = None,
    everyone: Annotated[
        bool,
        typer.Option(
            "--system", help="The folder where every host looks; takes admin rights to write."
        ),
    ] = False,
) -> None:
    """Write filmrestore.ofx.bundle and say what hosts must be told."""
    from filmrestore_openfx.bundle import install
    from filmrestore_openfx.errors import BundleError
    from filmrestore_openfx.places import advice, is_searched, system_folder, user_folder
    from filmrestore_openfx.shims import shims_here

    if everyone and folder is not None:
        raise BundleError("--dir and --system name two places; choose one.")
    target = folder or (system_folder() if everyone else user_folder())
    bundle = install(target.expanduser().absolute(), shims_here())
    typer.echo(f"Installed {bundle}")
    if is_searched(bundle.parent):
        typer.echo("Hosts started from here look into that folder. Restart a host that is open.")
    else:
        typer.echo("Hosts do not look there yet. Set this where your host starts, then restart it:")
        typer.echo(f"  {advice(bundle.parent)}")
    typer.echo("'filmrestore openfx doctor' renders a frame through it.")


@app.command("uninstall")
def uninstall_command(folder: Folder = None) -> None:
    """Remove the bundle; projects that use the node keep its settings."""
    from filmrestore_openfx.bundle import uninstall
    from filmrestore_openfx.places import BUNDLE, search_path, user_folder

    named = (folder.expanduser().absolute(),) if folder else (user_folder(), *search_path())
    removed = [place for place in dict.fromkeys(named) if uninstall(place)]
    for place in removed:
        typer.echo(f"Removed {place / BUNDLE}")
    if not removed:
        typer.echo(f"There is no {BUNDLE} in {', '.join(map(str, dict.fromkeys(named)))}.")


@app.command("doctor")
def doctor_command(
    folder: Folder = None,
    render: Annotated[
        bool, typer.Option("--render/--no-render", help="Render a frame through the shim.")
    ] = True,
) -> None:
    """Say what is installed and whether it works."""
    from filmrestore_openfx.doctor import examine

    findings = examine(folder.expanduser().absolute() if folder else None, render=render)
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.is_good else 'BAD '} {finding.what:<16} {finding.text}")
    if not all(finding.is_good for finding in findings):
        raise typer.Exit(1)
