"""`filmrestore demo`: restores the bundled damaged clip and shows the result."""

from __future__ import annotations

import os
import sys
import webbrowser
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from filmrestore_core.cli.arguments import settings_of
from filmrestore_core.cli.exit_code import ExitCode
from filmrestore_core.cli.outputs import Plan, deliver
from filmrestore_core.media.open import open_clip
from filmrestore_core.media.verify import verify_clip


def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the result; made where it is not.")
    ] = Path("demo-result"),
    preset: Annotated[str, typer.Option("--preset", "-p", help="See 'restore'.")] = "standard",
    show: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page where there is a screen.")
    ] = True,
) -> int:
    """Restore the damaged clip that comes with filmrestore, prove it, and make a page of it."""
    console = Console(stderr=True, highlight=False, emoji=False)
    with resources.as_file(resources.files("filmrestore_core") / "demo") as source:
        ended = deliver(
            Plan(
                input=str(source),
                output=str(out / "restored") + os.sep,
                settings=settings_of(preset),
                matte_out=str(out / "mattes") + os.sep,
                report=out / "report.json",
                resume=False,
                force=True,
            )
        )
        restored = open_clip(str(out / "restored"))
        proof = list(verify_clip(open_clip(str(source)), restored))
    if ended.code != ExitCode.DONE or ended.page is None:
        return ended.code
    bad = [found.describe() for found in proof if not found.ok]
    for sentence in bad:
        console.print(sentence, markup=False)
    console.print(f"Look at {ended.page.resolve()}", markup=False, soft_wrap=True)
    if show and _has_screen():
        webbrowser.open(ended.page.resolve().as_uri())
    return ExitCode.FAILED if bad else ExitCode.DONE


def _has_screen() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
