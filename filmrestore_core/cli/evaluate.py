"""`filmrestore evaluate`: the product and its peers on clips damaged in known ways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from filmrestore_core import __version__
from filmrestore_core.cli import arguments
from filmrestore_core.cli.exit_code import ExitCode
from filmrestore_core.cli.validation.cases import CaseSource
from filmrestore_core.cli.validation.contenders import Engines, contenders
from filmrestore_core.cli.validation.entry import Entry
from filmrestore_core.cli.validation.report import Results, write_results
from filmrestore_core.cli.validation.sweep import Sweep
from filmrestore_core.errors import SettingsError
from filmrestore_core.metrics.evaluate import EvaluationCase, compare
from filmrestore_core.metrics.measured import Measured
from filmrestore_core.models.store import ModelStore, default_user_folder
from filmrestore_core.presets import DEFAULT_PRESET
from filmrestore_core.synth.library import LibraryPart, LibraryShapes
from filmrestore_core.synth.validation_set import ValidationSet, load_validation_set


def evaluate(
    validation_set: Annotated[
        Path,
        typer.Argument(
            metavar="SET",
            help="YAML that says which clips are damaged how.",
            show_default=False,
        ),
    ],
    clips: Annotated[
        Path,
        typer.Option(
            "--clips",
            metavar="FOLDER",
            help="A folder of JPEG or PNG frames for each clip that SET names.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help="Where results.md, results.json and the curves go.",
            show_default=False,
        ),
    ],
    shapes: Annotated[
        Path | None,
        typer.Option(
            "--shapes",
            metavar="FOLDER",
            help="Pictures of real dirt and hairs, a folder for each kind; only the part kept for "
            "validation is used. Without it shapes are drawn by rule.",
        ),
    ] = None,
    preset: arguments.Preset = DEFAULT_PRESET,
    sensitivity: arguments.Sensitivity = None,
    classes: arguments.Classes = None,
    changes: arguments.Set = None,
    net: Annotated[
        list[str] | None,
        typer.Option(
            "--net",
            metavar="NAME",
            help="A further contender: the product with this net of the shelf as its detector. "
            "May be given again.",
        ),
    ] = None,
    models: arguments.ModelsFolder = None,
    device: arguments.DeviceName = "auto",
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="CLIP",
            help="Only this clip of SET, and no hard negatives on others. May be given again.",
        ),
    ] = None,
    contender: Annotated[
        list[str] | None,
        typer.Option(
            "--contender",
            metavar="NAME",
            help="Only this one; all without it. May be given again.",
        ),
    ] = None,
    frames: Annotated[
        int | None, typer.Option("--frames", min=1, help="Frames of each clip; else as SET says.")
    ] = None,
    temporal: Annotated[
        bool, typer.Option("--temporal/--no-temporal", help="Measure over time too; takes longest.")
    ] = True,
    sweep: Annotated[
        bool, typer.Option("--sweep/--no-sweep", help="Also detect at several sensitivities.")
    ] = True,
) -> int:
    """Measure filmrestore and its peers on made-up damage over clean clips.

    Every clip of SET is measured twice: with grain and no damage, where whatever is found is
    wrong, and damaged; then each kind of hard negative. All contenders see the same frames.
    """
    plan = _chosen(load_validation_set(validation_set), only, frames)
    settings = arguments.settings_of(
        preset, sensitivity=sensitivity, classes=classes, changes=changes
    )
    library = None if shapes is None else LibraryShapes(shapes, part=LibraryPart.VALIDATION)
    source = CaseSource(plan, clips, library)
    source.check()
    engines = Engines(ModelStore(models or default_user_folder()), arguments.device_of(device))
    entries = _named(dict(contenders(settings, engines, nets=net or ())), contender)
    running = {n: e.contender for n, e in entries.items() if e.contender is not None}
    console = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
    negatives = [kind.value for kind in plan.negatives]
    curve = Sweep(settings, engines, negatives=negatives) if sweep else None

    def cases() -> Iterator[EvaluationCase]:
        for case in source.cases():
            if curve is not None:
                curve.add(case)
            yield case

    def say(case: str, name: str, measured: Measured) -> None:
        row = measured.row()
        told = ", ".join(
            f"{c} {row[c]:.3g}" for c in ("f1", "false_px", "psnr_low") if row[c] is not None
        )
        console.print(f"{case}: {name}: {told}", markup=False)

    evaluations = compare(
        cases(),
        running,
        temporal=temporal,
        twice=lambda case: case.group not in negatives,
        done=say,
    )
    about = {
        "filmrestore": __version__,
        "set": f"{validation_set.name}, {len(plan.clips)} clips of {plan.frames} frames, "
        f"{len(negatives)} kinds of hard negatives, seed {plan.seed}",
        "shapes": "by rule" if shapes is None else "the library's part kept for validation",
        "settings": f"preset {preset}, digest {settings.digest()}",
    }
    written = write_results(out, Results(evaluations, entries, negatives, curve, about))
    for path in written:
        typer.echo(str(path))
    return ExitCode.DONE


def _chosen(plan: ValidationSet, only: list[str] | None, frames: int | None) -> ValidationSet:
    """The set with fewer clips or frames.

    Raises:
        SettingsError: a clip is not in it.
    """
    known = [entry.clip for entry in plan.clips]
    unknown = sorted(set(only or []) - set(known))
    if unknown:
        raise SettingsError(
            f"The set has no clip '{unknown[0]}'.", hint=f"it has {', '.join(known)}"
        )
    kept = tuple(entry for entry in plan.clips if only is None or entry.clip in only)
    count = plan.frames if frames is None else frames
    return plan.model_copy(update={"clips": kept, "frames": count})


def _named(entries: dict[str, Entry], wanted: list[str] | None) -> dict[str, Entry]:
    """The wanted contenders.

    Raises:
        SettingsError: there is none of that name, or it cannot run here.
    """
    if not wanted:
        return entries
    for name in wanted:
        if name not in entries:
            raise SettingsError(
                f"There is no contender '{name}'.", hint=f"choose {', '.join(entries)}"
            )
        if entries[name].contender is None:
            raise SettingsError(f"'{name}' cannot run: {entries[name].about}.")
    return {name: entries[name] for name in entries if name in wanted}
