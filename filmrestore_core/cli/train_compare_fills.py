"""`filmrestore train compare-fills`: ways of filling on the same holes, in one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console

from filmrestore_core.cli.exit_code import ExitCode
from filmrestore_core.errors import MissingExtraError, SettingsError
from filmrestore_core.inpaint.registry import DEFAULT_NET
from filmrestore_core.inpaint.sampler import Guidance

if TYPE_CHECKING:
    from filmrestore_core.learning.compare_fills.candidate import Candidate
    from filmrestore_core.learning.compare_fills.table import CandidateResult
    from filmrestore_core.learning.compare_fills.trained import DiffusionPlan

SHIPPED = "shipped net"

_Number = TypeVar("_Number", int, float)


def compare_fills(
    holes: Annotated[
        Path,
        typer.Option(
            "--holes",
            metavar="FOLDER",
            help="A store of holes: the folder 'validation' among the scenes of 'filmrestore train "
            "inpainter'.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help="Where table.md, table.json and the contact sheets are written. What lies there "
            "of an earlier run is not measured again.",
            show_default=False,
        ),
    ],
    candidate: Annotated[
        list[str] | None,
        typer.Option(
            "--candidate",
            metavar="NAME=FILE",
            help="A checkpoint, the folder of a training, or an .onnx file: a filling net, a "
            "diffusion model (a row for each number of steps), or a film prior (RePaint and "
            "DiffPIR). 'NAME=FILE;steps=1,2;start=0.4;fineness=1' is run otherwise than the "
            "options below say. May be given again.",
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="NAME",
            help="The candidate whose fill diffusion models start from and see; without it the "
            "temporal fill.",
        ),
    ] = None,
    steps: Annotated[
        str, typer.Option("--steps", metavar="LIST", help="Of diffusion models.")
    ] = "1,2,4,8",
    start: Annotated[
        str,
        typer.Option(
            "--start",
            metavar="LIST",
            help="Where they start: 1 from noise, less from their base noised part of the way.",
        ),
    ] = "1",
    fidelity: Annotated[
        float,
        typer.Option(
            "--fidelity", min=0, max=1, help="Of diffusion models; 1 keeps to the neighbours."
        ),
    ] = 0.0,
    color: Annotated[
        float, typer.Option("--color", min=0, max=1, help="Hold color: as sampler.color.")
    ] = 0.0,
    structure: Annotated[
        float,
        typer.Option("--structure", min=0, max=1, help="Hold structure: as sampler.structure."),
    ] = 0.0,
    fineness: Annotated[
        float, typer.Option("--fineness", min=0, max=1, help="Hold fineness: as sampler.fineness.")
    ] = 0.0,
    prior_steps: Annotated[
        int, typer.Option("--prior-steps", min=1, help="Of RePaint and DiffPIR.")
    ] = 20,
    most: Annotated[
        int, typer.Option("--most", min=0, help="How many crops; 0 for every one with a hole.")
    ] = 60,
    slow: Annotated[
        int, typer.Option("--slow", min=1, help="How many for RePaint and DiffPIR.")
    ] = 8,
    rows: Annotated[int, typer.Option("--rows", min=0, help="Of the contact sheets.")] = 12,
    show: Annotated[
        list[str] | None,
        typer.Option(
            "--show",
            metavar="NAME",
            help="A candidate on the contact sheets; without it the temporal fill and those given. "
            "May be given again.",
        ),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            metavar="NAME",
            help="A metric of pyiqa, if it and its weights are on the disk; without it lpips, "
            "dists, niqe, musiq and clipiqa. May be given again; 'none' for none.",
        ),
    ] = None,
) -> int:
    """Compare ways of filling on holes of known truth: quality by size and kind, time, size.

    Classical fills and the shipped net always take part.
    """
    try:
        from filmrestore_core.learning.compare_fills.perceptual import METRICS, open_perceptual
        from filmrestore_core.learning.compare_fills.run import ComparePlan
        from filmrestore_core.learning.compare_fills.run import compare_fills as run
        from filmrestore_core.learning.compare_fills.trained import DiffusionPlan
    except ImportError as error:
        raise MissingExtraError(
            "Comparing fills needs torch and safetensors.", hint="pip install 'filmrestore[train]'"
        ) from error
    console = Console(stderr=True, highlight=False, emoji=False)
    plan = DiffusionPlan(
        steps=_numbers(steps, "--steps", int, least=1),
        starts=_numbers(start, "--start", float, least=0.01),
        fidelity=fidelity,
        guidance=Guidance(color, structure, fineness),
        prior_steps=prior_steps,
    )
    candidates = _candidates(candidate or [], base, plan)
    metrics, notes = ([], []) if metric == ["none"] else open_perceptual(metric or METRICS)
    for note in notes:
        console.print(note, markup=False)

    def say(result: CandidateResult) -> None:
        pace = f", {result.pace:.2f} s per megapixel" if result.seconds else ""
        console.print(f"{result.name}: {len(result.holes)} holes{pace}", markup=False)

    shown = show or [c.name for c in candidates if c.name == "temporal fill" or c.parameters]
    written = run(
        ComparePlan(holes, out, most=most, slow=slow, rows=rows, shown=shown),
        candidates,
        perceptual=metrics,
        notes=notes,
        done=say,
    )
    for path in written:
        typer.echo(str(path))
    return ExitCode.DONE


def _candidates(given: Sequence[str], base: str | None, plan: DiffusionPlan) -> list[Candidate]:
    """Classical ones, the shipped net, then those given, whose base may be any before them.

    Raises:
        SettingsError: a name or a file is wrong.
        ModelError: a checkpoint cannot be used.
    """
    from filmrestore_core.learning.compare_fills.classical import classical_candidates
    from filmrestore_core.learning.compare_fills.trained import open_candidates, shelf_candidate

    found = [
        *classical_candidates(),
        shelf_candidate(SHIPPED, DEFAULT_NET, held=True),
        shelf_candidate(f"{SHIPPED}, not held", DEFAULT_NET),
    ]
    asked = [_asked(text, plan, base) for text in given]
    for one in sorted(asked, key=lambda a: a.base is not None and a.base != a.name):
        chosen = None
        if one.base not in (None, one.name):
            chosen = next((c for c in found if c.name == one.base), None)
            if chosen is None:
                raise SettingsError(
                    f"There is no candidate '{one.base}' to start from.",
                    hint=f"there are {', '.join(c.name for c in found)}",
                )
        found += open_candidates(one.name, one.file, one.plan, chosen)
    if base is not None and base not in {c.name for c in found}:
        raise SettingsError(
            f"There is no candidate '{base}' to start from.",
            hint=f"there are {', '.join(c.name for c in found)}",
        )
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    name: str
    file: Path
    plan: DiffusionPlan
    base: str | None


def _asked(text: str, plan: DiffusionPlan, base: str | None) -> _Asked:
    """NAME=FILE, or NAME=FILE;KEY=VALUE;... with a plan of its own."""
    name, equals, rest = text.partition("=")
    file, *changes = rest.split(";")
    if not equals or not name.strip() or not file:
        raise SettingsError(f"--candidate '{text}' names no file.", hint="write NAME=FILE")
    for change in changes:
        key, _, value = change.partition("=")
        what = f"--candidate '{text}': {key}"
        if key == "base":
            base = value
        elif key == "steps":
            plan = replace(plan, steps=_numbers(value, what, int, least=1))
        elif key == "start":
            plan = replace(plan, starts=_numbers(value, what, float, least=0.01))
        elif key == "fidelity":
            plan = replace(plan, fidelity=_numbers(value, what, float, least=0.0)[0])
        elif key in ("color", "structure", "fineness"):
            held = {key: _numbers(value, what, float, least=0.0)[0]}
            plan = replace(plan, guidance=replace(plan.guidance, **held))
        else:
            raise SettingsError(
                f"--candidate '{text}' says '{change}'.",
                hint="known are base, steps, start, fidelity, color, structure and fineness",
            )
    return _Asked(name.strip(), Path(file).expanduser(), plan, base)


def _numbers(
    text: str, option: str, kind: Callable[[str], _Number], *, least: float
) -> tuple[_Number, ...]:
    try:
        found = tuple(kind(part) for part in text.split(","))
    except ValueError:
        found = ()
    if not found or min(found) < least or (kind is float and max(found) > 1):
        raise SettingsError(
            f"{option} '{text}' is no list of numbers in its range.", hint="for instance 1,0.5"
        )
    return found
