"""`filmrestore adapt`: teaches the shipped detector one film, from its own undamaged places."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from filmrestore_core.cli import arguments
from filmrestore_core.cli.adapt_film import ClipFilm, film_id
from filmrestore_core.cli.exit_code import ExitCode
from filmrestore_core.cli.further import GROUP
from filmrestore_core.cli.stop import StopFlag
from filmrestore_core.errors import MissingExtraError, SettingsError, Stopped
from filmrestore_core.media.open import open_clip
from filmrestore_core.models.store import ModelStore, default_user_folder
from filmrestore_core.segment.registry import DEFAULT_NET
from filmrestore_core.synth.library import LibraryShapes
from filmrestore_core.synth.shapes import ProceduralShapes, ShapeSource
from filmrestore_core.temporal.cut_lists import read_cuts

if TYPE_CHECKING:
    from filmrestore_core.learning.adapt.base_weights import BaseWeights
    from filmrestore_core.learning.adapt.verdict import Adapted

_LEARN = "Learning"
_EXPORTER = "filmrestore_export.command"
# Seconds between two words on how far it is.
_SAID_EVERY = 5.0


def adapt(
    clip: Annotated[
        str,
        typer.Argument(
            metavar="CLIP",
            help="The film, as for 'filmrestore restore': a movie, a folder or a sequence.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help="For the report and the adapted net. A stopped run goes on from what lies there; "
            "meanwhile it takes about 6 MB a window.",
            show_default=False,
        ),
    ],
    frames: Annotated[
        str | None,
        typer.Option(
            "--range",
            "--frames",
            "-f",
            metavar="RANGE",
            help="Only these frames: 1001-1100, 1-500.",
        ),
    ] = None,
    minutes: Annotated[
        float,
        typer.Option(
            "--minutes", min=0.1, help="The time there is; it decides how much is learned."
        ),
    ] = 15.0,
    device: Annotated[
        str, typer.Option("--device", help="What learns: auto, cpu or cuda.")
    ] = "auto",
    model: Annotated[
        str,
        typer.Option(
            "--model",
            metavar="MODEL|FILE.onnx",
            help="Whose weights to begin with; beside its file lies a .safetensors.",
        ),
    ] = DEFAULT_NET,
    models: arguments.ModelsFolder = None,
    shapes: Annotated[
        Path | None,
        typer.Option(
            "--shapes",
            metavar="FOLDER",
            rich_help_panel=_LEARN,
            help="Pictures of real dirt and hairs, a folder for each kind. Without it shapes are "
            "drawn by rule.",
        ),
    ] = None,
    encoding: arguments.EncodingName = "auto",
    cuts: arguments.Cuts = None,
    seed: Annotated[
        int, typer.Option("--seed", min=0, rich_help_panel=_LEARN, help="Of everything random.")
    ] = 1,
    windows: Annotated[
        int,
        typer.Option(
            "--windows",
            min=0,
            max=2000,
            rich_help_panel=_LEARN,
            help="How many pieces of the film are looked at, a fifth of them to measure with. With "
            "--steps it takes the place of --minutes: the result then depends on no clock.",
        ),
    ] = 0,
    steps: Annotated[
        int, typer.Option("--steps", min=0, rich_help_panel=_LEARN, help="Steps of learning.")
    ] = 0,
    threads: Annotated[
        int,
        typer.Option(
            "--threads",
            min=0,
            rich_help_panel=_LEARN,
            help="Of the processor; 0: as many as there are.",
        ),
    ] = 0,
) -> int:
    """Teach the detector one film, and keep what it learned only if that finds more.

    Damage is laid on the film's own undamaged places; every fifth stretch of the film is kept to
    measure with. Writes adapt.md and adapt.json; where there was a gain also adapted.safetensors
    and a model file for 'filmrestore models add'.
    """
    if bool(windows) != bool(steps):
        raise SettingsError("--windows and --steps belong together.")
    if 0 < windows < 8:
        raise SettingsError(f"--windows {windows} is too few.", hint="8 and more")
    _need_training()
    export = _exporter()
    from filmrestore_core.learning.adapt.base_weights import find_base
    from filmrestore_core.learning.adapt.device import learning_device
    from filmrestore_core.learning.adapt.plan import extent_of
    from filmrestore_core.learning.adapt.run import Wish
    from filmrestore_core.learning.adapt.run import adapt as adapt_to

    settings = arguments.settings_of(encoding=encoding)
    film = open_clip(clip)
    numbers = tuple(arguments.frames_of(frames, film.numbers).intersect(film.numbers))
    shots = None
    if cuts is not None:
        shots = read_cuts(cuts, rate=film.rate, first_frame=film.numbers.first)
    shape_source: ShapeSource = ProceduralShapes() if shapes is None else LibraryShapes(shapes)
    base = find_base(ModelStore(models or default_user_folder()), model)
    wish = Wish(
        film=film.name,
        numbers=numbers,
        minutes=minutes,
        seed=seed,
        extent=extent_of(windows, steps) if windows else None,
        device=learning_device(device),
        threads=threads,
    )
    console = Console(stderr=True, highlight=False, emoji=False)
    with StopFlag() as stop:
        try:
            adapted = adapt_to(
                ClipFilm(film, settings, cuts=shots),
                base,
                shape_source,
                wish,
                out,
                tell=_teller(console, None if windows else minutes),
                should_stop=stop,
            )
        except Stopped:
            console.print("Stopped; the same command goes on from here.", markup=False)
            return stop.exit_code
    written = _write_model(export, base, adapted, seed, out) if adapted.gained else None
    typer.echo(adapted.markdown(), nl=False)
    if written is not None:
        typer.echo(f"\nKeep it with 'filmrestore models add {written}'.")
    return ExitCode.DONE


def _need_training() -> None:
    for package in ("torch", "safetensors"):
        if find_spec(package) is None:
            raise MissingExtraError(
                f"Adapting needs {package}.", hint="pip install 'filmrestore[train,export]'"
            )


def _exporter() -> Callable[..., Any]:
    """The command that writes nets, as another package announces it.

    Raises:
        MissingExtraError: nothing here writes nets.
    """
    try:
        for point in entry_points(group=GROUP):
            if point.name == "export":
                return point.load()  # type: ignore[no-any-return]
        return import_module(_EXPORTER).app  # type: ignore[no-any-return]
    except ImportError as error:
        raise MissingExtraError(
            "Adapting needs the exporters.", hint="pip install 'filmrestore[train,export]'"
        ) from error


def _teller(console: Console, minutes: float | None) -> Callable[[str, int, int], None]:
    """Says how far it is and how long it takes yet, every few seconds."""
    began = time.monotonic()
    said: dict[str, float] = {}
    first: dict[str, tuple[float, int]] = {}

    def tell(what: str, at: int, of: int) -> None:
        now = time.monotonic()
        started, before = first.setdefault(what, (now, at))
        if at < of and now - said.get(what, 0.0) < _SAID_EVERY:
            return
        said[what] = now
        left = f"about {max(0.0, minutes - (now - began) / 60):.0f} min left" if minutes else ""
        if not minutes and at > before:
            left = f"{(now - started) / (at - before) * (of - at) / 60:.1f} min left of these"
        console.print(f"{what}: {at} of {of}{', ' if left else ''}{left}", markup=False)

    return tell


def _write_model(
    export: Callable[..., Any], base: BaseWeights, adapted: Adapted, seed: int, out: Path
) -> Path:
    """The adapted weights as a model file, by the exporters' own command."""
    card = base.model.card
    name = film_id(card.id, adapted.film)
    given = {
        "id": name,
        "version": card.version,
        "license": card.license,
        "size": card.size.model_dump(),
        "tiles": card.tiles.model_dump(),
        "tolerance": card.tolerance.model_dump(),
        "calibration": card.calibration,
        "origin": {
            "adapted_from": card.name,
            "adapted_from_sha256": base.model.sha256,
            "film": Path(adapted.film).name,
            "seed": seed,
            "windows": adapted.extent.learned,
            "steps": adapted.extent.steps,
        },
        "metrics": {"before": asdict(adapted.before), "after": asdict(adapted.after)},
    }
    path = out / f"{name}-{card.version}.onnx"
    with TemporaryDirectory() as folder:
        text = Path(folder) / "card.yaml"
        # JSON is YAML.
        text.write_text(json.dumps(given), encoding="utf-8")
        export(
            [
                *("onnx", str(out / "adapted.safetensors")),
                *("--card", str(text), "--out", str(path)),
            ],
            standalone_mode=False,
        )
    return path
