"""Candidates with weights: checkpoints of trainings, and nets of the shelf."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from filmrestore_core.errors import ModelContractError, SettingsError
from filmrestore_core.inpaint.held import MOST_SHOWN, MOST_UNSHOWN, OPAQUE, held_near
from filmrestore_core.inpaint.planes import CENTER, FILL_PLANES, FIRST, MATTE
from filmrestore_core.inpaint.sampler import STEP_PLANES, Guidance, sample
from filmrestore_core.learning.compare_fills.by_prior import DiffPIR, RePaint
from filmrestore_core.learning.compare_fills.candidate import Candidate, Fill, Planes, Proposal
from filmrestore_core.learning.compare_fills.hole_crops import open_neighbors
from filmrestore_core.learning.nets.build import build_net
from filmrestore_core.learning.prior import film_prior
from filmrestore_core.learning.training.checkpoint import NET_KEY, load_tensors
from filmrestore_core.learning.training.rebase import rebased
from filmrestore_core.learning.training.trainer import BEST
from filmrestore_core.models.store import ModelStore
from filmrestore_core.noise import generator
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.session import Session


@dataclass(frozen=True, slots=True)
class DiffusionPlan:
    """How diffusion candidates are run.

    Attributes:
        steps: a row of the table for each.
        starts: the same; 1 from noise, less from the base fill noised part of the way.
        fidelity: 0 leaves the model free, 1 keeps to the neighbours.
        guidance: what else is held.
        prior_steps: of RePaint and DiffPIR.
    """

    steps: Sequence[int] = (1, 2, 4, 8)
    starts: Sequence[float] = (1.0,)
    fidelity: float = 0.0
    guidance: Guidance = field(default_factory=Guidance)
    prior_steps: int = 20


def open_candidates(
    name: str, path: Path, plan: DiffusionPlan, base: Candidate | None = None
) -> list[Candidate]:
    """The candidates that a checkpoint makes: one, or one for each number of steps.

    Args:
        name: in the tables.
        path: a checkpoint, or the folder of a training that has one.
        plan: how diffusion is run.
        base: whose fill a diffusion model starts from and sees; None for the first fill.

    Raises:
        SettingsError: there is no such checkpoint.
        ModelContractError: it cannot be read, or fills no holes.
    """
    file = path / BEST if path.is_dir() else path
    if not file.is_file():
        raise SettingsError(
            f"Candidate '{name}': there is no checkpoint '{path}'.",
            hint="give a .safetensors file, or the output folder of a training",
        )
    if file.suffix == ".onnx":
        return [shelf_candidate(name, str(file))]
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    spec = load_tensors(file)[1].get(NET_KEY)
    if not isinstance(spec, dict):
        raise ModelContractError(f"'{file}' does not say what it is.", path=file)
    if spec.get("net") == film_prior.NAME:
        return _by_prior(name, file, digest, plan)
    net = _opened(file, spec)
    count = sum(p.numel() for p in net.parameters())
    planes = spec.get("planes")
    if planes in FILL_PLANES:
        identity = {"checkpoint": digest}
        fill = _filling(net, FILL_PLANES[planes])
        return [Candidate(name, fill, identity, count, f"{spec['net']}, one pass")]
    if planes in STEP_PLANES:
        return _diffusing(name, net, digest, count, plan, base)
    raise ModelContractError(
        f"'{file}' is a net for planes '{planes}' and fills no holes.", path=file
    )


def shelf_candidate(name: str, model: str, *, held: bool = False) -> Candidate:
    """A net of the shelf, run by ONNX Runtime on one thread of the processor.

    Args:
        name: in the tables.
        model: as for `ModelStore.open`.
        held: near the first fill, as the program holds it.

    Raises:
        ModelError: it cannot be used.
    """
    opened = ModelStore().open(model)
    count = FILL_PLANES.get(opened.card.planes)
    if count is None:
        raise ModelContractError(f"'{opened.card.name}' fills no holes.", path=opened.path)
    session = Session(opened.card, opened.content, device=Device.CPU, threads=1)

    def fill(planes: Planes, key: tuple[int, int]) -> Proposal:
        made = session.run(np.ascontiguousarray(planes[:count]))
        if held:
            shown = np.asarray(open_neighbors(planes).any(axis=0), np.bool_)
            made = held_near(planes[FIRST], made, planes[CENTER], planes[MATTE] > 0, shown)
        return Proposal(made)

    stated = opened.card.origin.get("parameters")
    return Candidate(
        name,
        fill,
        {"model": opened.sha256} | ({"held": [MOST_SHOWN, MOST_UNSHOWN, OPAQUE]} if held else {}),
        # Nearly all of a small graph's bytes are its weights.
        stated if isinstance(stated, int) else len(opened.content) // 4,
        f"{opened.card.name}, ONNX Runtime{', held near the first fill' if held else ''}",
    )


def _rebased(planes: Planes, fill: Planes) -> Planes:
    """The planes with another first fill inside the matte."""
    made = rebased(torch.from_numpy(planes)[None], torch.from_numpy(fill)[None])[0]
    return np.asarray(made.numpy(), np.float32)


def _opened(file: Path, spec: dict[str, Any]) -> nn.Module:
    tensors, _ = load_tensors(file)
    net = build_net(spec)
    try:
        net.load_state_dict(tensors)
    except RuntimeError as error:
        raise ModelContractError(
            f"'{file}' holds the weights of another net.", path=file
        ) from error
    return net.eval()


def _running(net: nn.Module) -> Callable[[Planes], Planes]:
    def run(planes: Planes) -> Planes:
        with torch.inference_mode():
            made = net(torch.from_numpy(np.ascontiguousarray(planes))[None])[0]
        return np.asarray(made.numpy(), np.float32)

    return run


def _filling(net: nn.Module, count: int) -> Fill:
    run = _running(net)

    def fill(planes: Planes, key: tuple[int, int]) -> Proposal:
        return Proposal(run(planes[:count]))

    return fill


def _diffusing(
    name: str,
    net: nn.Module,
    digest: str,
    count: int,
    plan: DiffusionPlan,
    base: Candidate | None,
) -> list[Candidate]:
    run = _running(net)

    def filling(steps: int, start: float) -> Fill:
        def fill(planes: Planes, key: tuple[int, int]) -> Proposal:
            seen = planes if base is None else _rebased(planes, base.fill(planes, key).pixels)
            noise = generator(0, "diffusion", *key).standard_normal((3, *planes.shape[1:]))
            made = sample(
                run,
                seen,
                noise.astype(np.float32),
                steps=steps,
                start=start,
                fidelity=plan.fidelity,
                guidance=plan.guidance,
            )
            return Proposal(made)

        return fill

    held = {"fidelity": plan.fidelity, "guidance": repr(plan.guidance)}
    made = []
    for start in plan.starts:
        for steps in plan.steps:
            named = f"{name}, {steps} step{'s' * (steps > 1)}"
            named += "" if start == 1 else f" from {start:g}"
            named += "".join(f", {k} {v:g}" for k, v in _held(plan).items())
            identity = {"checkpoint": digest, "steps": steps, "start": start, **held}
            if base is not None:
                identity["base"] = base.identity
            about = "from noise" if start == 1 else f"from its base noised to {start:g}"
            about += "" if base is None else f"; base: {base.name}"
            made.append(Candidate(named, filling(steps, start), identity, count, about))
    return made


def _held(plan: DiffusionPlan) -> dict[str, float]:
    """What is held, by how much, where it is."""
    g = plan.guidance
    all_ = {"fidelity": plan.fidelity, "color": g.color, "structure": g.structure}
    return {name: value for name, value in (all_ | {"fineness": g.fineness}).items() if value}


def _by_prior(name: str, file: Path, digest: str, plan: DiffusionPlan) -> list[Candidate]:
    """RePaint, and DiffPIR without and with the first fill; their fills carry their own grain."""
    prior = film_prior.open_prior(file)
    count = sum(p.numel() for p in prior.parameters())
    steps = plan.prior_steps
    ways: dict[str, tuple[RePaint | DiffPIR, str]] = {
        "RePaint": (RePaint(steps), "from noise, resampled 3 times; sees no neighbours"),
        "RePaint on the temporal fill": (
            RePaint(steps, times=2, start=0.6),
            "from the temporal fill noised to 0.6, resampled twice",
        ),
        "DiffPIR": (DiffPIR(steps), "plug and play, from noise; sees no neighbours"),
        "DiffPIR on the temporal fill": (
            DiffPIR(steps, start=0.5, fill=0.05),
            "from 0.5; the temporal fill is a measurement",
        ),
    }

    def filling(way: RePaint | DiffPIR) -> Fill:
        def fill(planes: Planes, key: tuple[int, int]) -> Proposal:
            return Proposal(way(prior.predict_noise, planes[FIRST], planes[MATTE] > 0, key), 1.0)

        return fill

    return [
        Candidate(
            f"{title} ({name}), {steps} steps",
            filling(way),
            {"checkpoint": digest, "way": repr(way)},
            count,
            about,
            slow=True,
        )
        for title, (way, about) in ways.items()
    ]
