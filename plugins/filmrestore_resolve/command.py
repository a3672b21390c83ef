"""`filmrestore resolve`: the renderer, and what brings the menu script into DaVinci Resolve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from filmrestore_resolve.render_job import render_job_file

app = typer.Typer(
    name="resolve",
    help="DaVinci Resolve: install the menu script, look at an installation, render a job.",
    no_args_is_help=True,
)


@app.command("render")
def render(
    job: Annotated[Path, typer.Argument(metavar="JOB.json", help="What the menu script wrote.")],
    lines: Annotated[
        bool, typer.Option("--lines/--no-lines", help="Say events as JSON lines.")
    ] = True,
) -> None:
    """Render a job of the menu script; status, result and log stand beside it.

    Exit codes: 0 done, 1 failed, 2 wrong job, 3 some shots failed, 4 cancelled, 130/143 stopped.
    """
    raise typer.Exit(render_job_file(job, lines=lines))
