"""Several trainings side by side, as one table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from filmrestore_core.errors import ModelContractError, SettingsError
from filmrestore_core.learning.nets.build import build_net
from filmrestore_core.learning.training.checkpoint import NET_KEY, STATE_KEY, load_tensors
from filmrestore_core.learning.training.scoring import LEAST_AREA
from filmrestore_core.learning.training.trainer import BEST
from filmrestore_core.segment.planes import PLANES

# Side of the picture that nets are timed on, px.
SIDE = 512
MOST_FALSE = 200.0
"""False pixels per million of undamaged picture at which recall of objects is compared."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One training.

    Attributes:
        folder: where it lies.
        net: name of the net.
        planes: what it sees.
        parameters: how many weights.
        step: when it was best.
        best_f1: at the best of the thresholds.
        false_at_best: false pixels per million there.
        objects: share of objects found at the threshold that finds most of those that give at most
            MOST_FALSE false pixels; None where none does.
        threshold: that threshold.
        milliseconds: per megapixel.
    """

    folder: Path
    net: str
    planes: str
    parameters: int
    step: int
    best_f1: float
    false_at_best: float
    objects: float | None
    threshold: float | None
    milliseconds: float


def compare_runs(
    folders: Sequence[Path], *, threads: int = 1, rounds: int = 5, most_false: float = MOST_FALSE
) -> list[Compared]:
    """Figures of each training's best weights, and their speed measured side by side.

    Speed is that of torch on the processor; the nets take turns, so that whatever else the machine
    does befalls all of them, and the middle of the rounds counts.

    Args:
        folders: of trainings.
        threads: of the processor.
        rounds: how often each net is timed.
        most_false: see MOST_FALSE.

    Raises:
        SettingsError: a folder holds no training that was measured.
        ModelContractError: its checkpoint cannot be read.
    """
    runs = [_open(folder) for folder in folders]
    times = _times([(net, PLANES[spec["planes"]]) for net, spec, _ in runs], rounds, threads)
    return [
        _compared(folder, net, spec, state, spent, most_false)
        for folder, (net, spec, state), spent in zip(folders, runs, times, strict=True)
    ]


def comparison_table(rows: Sequence[Compared], *, most_false: float = MOST_FALSE) -> str:
    """The trainings as a Markdown table, the best first."""
    heads = (
        *("net", "planes", "parameters", "best F1"),
        f"objects of {LEAST_AREA} px and more found at {most_false:g} false px/million",
        *("false px/million at best F1", "ms/megapixel"),
    )
    lines = ["| " + " | ".join(heads) + " |", "|" + "|".join(["---"] * len(heads)) + "|"]
    for row in sorted(rows, key=lambda r: (-r.best_f1, r.net, r.planes)):
        found = "none" if row.objects is None else f"{row.objects:.3f} (from {row.threshold:g})"
        cells = (
            *(row.net, row.planes, f"{row.parameters:,}", f"{row.best_f1:.3f}"),
            *(found, f"{row.false_at_best:.0f}", f"{row.milliseconds:.0f}"),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _open(folder: Path) -> tuple[nn.Module, dict[str, Any], dict[str, Any]]:
    path = folder / BEST
    if not path.is_file():
        raise SettingsError(
            f"'{folder}' holds no training that was measured yet.", hint=f"it has no {BEST}"
        )
    tensors, facts = load_tensors(path)
    spec, state = facts.get(NET_KEY), facts.get(STATE_KEY)
    if not isinstance(spec, dict) or not isinstance(state, dict) or not state.get("figures"):
        raise ModelContractError(f"{path} does not say what it is or measured.", path=path)
    net = build_net(spec)
    try:
        net.load_state_dict(tensors)
    except RuntimeError as error:
        raise ModelContractError(f"{path} holds the weights of another net.", path=path) from error
    return net.eval(), spec, state


def _times(nets: Sequence[tuple[nn.Module, int]], rounds: int, threads: int) -> list[float]:
    """Milliseconds per megapixel of each net."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    spent: list[list[float]] = [[] for _ in nets]
    try:
        with torch.inference_mode():
            for turn in range(rounds + 1):
                for (net, count), mine in zip(nets, spent, strict=True):
                    planes = torch.zeros(1, count, SIDE, SIDE)
                    began = time.perf_counter()
                    net(planes)
                    # The first round fills caches.
                    if turn:
                        mine.append(time.perf_counter() - began)
    finally:
        torch.set_num_threads(before)
    return [float(np.median(mine)) * 1e3 / (SIDE * SIDE / 1e6) for mine in spent]


def _compared(
    folder: Path,
    net: nn.Module,
    spec: dict[str, Any],
    state: dict[str, Any],
    milliseconds: float,
    most_false: float,
) -> Compared:
    rows = state["figures"]["thresholds"]
    best = max(rows, key=lambda r: float(r["f1"]))
    quiet = [r for r in rows if r["false_px"] <= most_false]
    found = max(quiet, key=lambda r: float(r["objects"]), default=None)
    return Compared(
        folder=folder,
        net=str(spec["net"]),
        planes=str(spec["planes"]),
        parameters=sum(p.numel() for p in net.parameters()),
        step=int(state["step"]),
        best_f1=float(best["f1"]),
        false_at_best=float(best["false_px"]),
        objects=None if found is None else float(found["objects"]),
        threshold=None if found is None else float(found["threshold"]),
        milliseconds=milliseconds,
    )
