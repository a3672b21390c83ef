"""`filmrestore train compare-steadiness`: how still fills hold over the frames of a clip."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from filmrestore_core.cli import arguments
from filmrestore_core.cli.exit_code import ExitCode
from filmrestore_core.cli.validation.contenders import Engines, product, with_detector
from filmrestore_core.cli.validation.lasting import Picture, lasting_case
from filmrestore_core.cli.validation.steadiness import (
    Steadiness,
    measure_steadiness,
    steadiness_table,
    write_frames,
    write_slices,
)
from filmrestore_core.errors import SettingsError
from filmrestore_core.metrics.evaluate import CleanMotion, RestoredPicture
from filmrestore_core.metrics.peers import Inpainting, inpaint
from filmrestore_core.models.store import ModelStore, default_user_folder
from filmrestore_core.settings import Detector

PEER = "Telea"


def compare_steadiness(
    clip: Annotated[
        Path,
        typer.Argument(
            metavar="CLIP",
            help="Clean footage: a folder of JPEG or PNG frames. Damage is laid on its middle.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help="Where steadiness.md, steadiness.json, slice.jpg and frames.jpg go.",
            show_default=False,
        ),
    ],
    method: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            metavar="NAME:KEY=VALUE,...",
            help="A way of restoring, by its settings: 'net:repair.method=net'. May be given "
            "again; without it the classical fill and the net.",
        ),
    ] = None,
    models: arguments.ModelsFolder = None,
    device: arguments.DeviceName = "auto",
    frames: Annotated[int, typer.Option("--frames", min=3, help="Frames of the clip.")] = 24,
    size: Annotated[
        str, typer.Option("--size", metavar="WxH", help="The part of the picture that is used, px.")
    ] = "384x288",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of grain and damage.")] = 1,
    still: Annotated[
        bool, typer.Option("--still", help="Hold the first frame: no neighbour shows what lasts.")
    ] = False,
) -> int:
    """Restore a moving clip with lasting damage and measure how still the fills hold.

    Every way is told where the damage is, and runs as 'filmrestore restore' does.
    """
    if not clip.is_dir():
        raise SettingsError(f"'{clip}' is no folder of frames.")
    width, height = _size(size)
    settings = dict(map(_named, method or _DEFAULT))
    engines = Engines(ModelStore(models or default_user_folder()), arguments.device_of(device))
    case = lasting_case(clip, frames=frames, width=width, height=height, seed=seed, still=still)
    motion = CleanMotion(case)
    console = Console(stderr=True, highlight=False, emoji=False)
    pictures: dict[str, list[Picture]] = {}
    found: dict[str, Steadiness] = {}
    seconds: dict[str, float] = {}

    def add(name: str, made: list[RestoredPicture]) -> None:
        pictures[name] = [p.pixels for p in made]
        found[name] = measure_steadiness(case, pictures[name], motion)
        console.print(f"{name}: {found[name].whole.ratio:.3f} of truth's own", markup=False)

    add(PEER, inpaint(case, Inpainting.TELEA))
    for name, changes in settings.items():
        chosen = with_detector(arguments.settings_of(changes=changes), detector=Detector.NONE)
        began = time.process_time()
        made = product(chosen, engines, told=True)(case)
        seconds[name] = (time.process_time() - began) / len(made)
        add(name, made)
    out.mkdir(parents=True, exist_ok=True)
    text = f"{case.name}, seed {seed}\n\n{steadiness_table(found, seconds)}"
    values: dict[str, Any] = {
        name: {
            "temporal error": f.whole.ratio,
            "temporal error, soft": f.soft.ratio,
            "low-passed psnr": f.low.psnr(),
            "grain": f.grain.ratio,
            "settings": settings.get(name, []),
        }
        for name, f in found.items()
    }
    (out / "steadiness.md").write_text(text, encoding="utf-8", newline="\n")
    (out / "steadiness.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    write_slices(out / "slice.jpg", case, pictures)
    middle = len(case.clean) // 2
    write_frames(out / "frames.jpg", case, pictures, range(middle - 1, middle + 2))
    for name in ("steadiness.md", "steadiness.json", "slice.jpg", "frames.jpg"):
        typer.echo(str(out / name))
    return ExitCode.DONE


_DEFAULT = ("temporal fill:repair.method=classical", "net:repair.method=net")


def _named(text: str) -> tuple[str, list[str]]:
    name, colon, changes = text.partition(":")
    if not colon or not name.strip() or not changes.strip():
        raise SettingsError(
            f"--method '{text}' names no settings.", hint="write NAME:KEY=VALUE,KEY=VALUE"
        )
    return name.strip(), [change.strip() for change in changes.split(",")]


def _size(text: str) -> tuple[int, int]:
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(p.isdecimal() and int(p) >= 64 for p in parts):
        raise SettingsError(
            f"--size '{text}' is no size of 64 pixels or more.", hint="for instance 384x288"
        )
    return int(parts[0]), int(parts[1])
