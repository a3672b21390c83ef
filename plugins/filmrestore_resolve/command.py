"""`filmrestore resolve`: the renderer, and what brings the menu script into DaVinci Resolve.

Light to import, as every call of the command line does it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from filmrestore_resolve.run_external import run

app = typer.Typer(
    name="resolve",
    help="DaVinci Resolve: install the menu script, look at an installation, render a job.",
    no_args_is_help=True,
)

AllUsers = Annotated[
    bool, typer.Option("--all-users", help="For everyone on this machine, not for this user only.")
]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--dir", metavar="FOLDER", help="Another Scripts/Utility folder than this system's."
    ),
]


@app.command("install")
def install_command(
    all_users: AllUsers = False,
    folder: Folder = None,
    interpreter: Annotated[
        Path | None,
        typer.Option(
            "--interpreter",
            metavar="PYTHON",
            help="The Python that has filmrestore; without it the one that runs this.",
        ),
    ] = None,
    jobs: Annotated[
        Path | None,
        typer.Option(
            "--jobs", metavar="FOLDER", help="Where jobs and logs are kept; else in your own data."
        ),
    ] = None,
) -> None:
    """Put the menu script into Resolve's folder, and beside it the config that names this Python.

    An older installation is replaced. Resolve reads its menu when it starts.
    """
    from filmrestore_resolve.doctor import EDITIONS
    from filmrestore_resolve.install import install, menu_folder

    target = folder or menu_folder(all_users=all_users)
    jobs_folder = None if jobs is None else str(jobs.absolute())
    done = install(target, interpreter=interpreter, jobs_folder=jobs_folder)
    for path in done.files:
        typer.echo(f"Written: {path}")
    if done.is_new_folder:
        typer.echo(f"Note: {done.folder} was not there; is Resolve installed for this user?")
    typer.echo("Start Resolve anew, then: Workspace > Scripts > filmrestore.")
    typer.echo(f"Note: {EDITIONS}.")


@app.command("uninstall")
def uninstall_command(all_users: AllUsers = False, folder: Folder = None) -> None:
    """Take the menu script and its config away; results and jobs stay."""
    from filmrestore_resolve.install import menu_folder, uninstall

    target = folder or menu_folder(all_users=all_users)
    removed = uninstall(target)
    for path in removed:
        typer.echo(f"Removed: {path}")
    if not removed:
        typer.echo(f"Nothing of ours is in {target}.")


@app.command("doctor")
def doctor_command(
    folder: Folder = None,
    render: Annotated[
        bool, typer.Option("--render/--no-render", help="Also render three tiny frames.")
    ] = True,
) -> None:
    """Look at everything a press of the button depends on; exit code 1 where something is wrong."""
    from filmrestore_resolve.doctor import Verdict, examine

    wrong = False
    for finding in examine(folder, render=render):
        typer.echo(f"{finding.verdict:6} {finding.what}: {finding.said}")
        wrong |= finding.verdict is Verdict.FAULT
    raise typer.Exit(int(wrong))


@app.command("render")
def render_command(
    job: Annotated[Path, typer.Argument(metavar="JOB.json", help="What the menu script wrote.")],
    lines: Annotated[
        bool, typer.Option("--lines/--no-lines", help="Say events as JSON lines.")
    ] = True,
) -> None:
    """Render a job of the menu script; status, result and log stand beside it.

    Exit codes: 0 done, 1 failed, 2 wrong job, 3 some shots failed, 4 cancelled, 130/143 stopped.
    """
    from filmrestore_resolve.render_job import render_job_file

    raise typer.Exit(render_job_file(job, lines=lines))


app.command("run")(run)
