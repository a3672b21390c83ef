"""LPIPS and no-reference metrics by pyiqa, where it and its weights are on the disk."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from filmrestore_core.learning.compare_fills.offline import offline

logger = logging.getLogger(__name__)

METRICS = ("lpips", "dists", "niqe", "musiq", "clipiqa")
"""Names of pyiqa's metrics that are asked for where nothing else is."""

Picture = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Perceptual:
    """A metric of whole crops.

    Attributes:
        name: pyiqa's.
        lower_better: which way it goes.
        measure: (finished, truth), both (h, w, 3) float32 plate units -> the figure.
    """

    name: str
    lower_better: bool
    measure: Callable[[Picture, Picture], float]


def open_perceptual(names: Sequence[str] = METRICS) -> tuple[list[Perceptual], list[str]]:
    """The metrics that can be had without a network, and why the others cannot.

    Weights are looked for where pyiqa keeps them (torch's hub folder, see TORCH_HOME, and Hugging
    Face's cache). pyiqa reads pickles; torch is told to take nothing but weights from them.

    Args:
        names: of pyiqa's metrics.

    Returns:
        The metrics, and a sentence for each that is left out.
    """
    try:
        with offline():
            import pyiqa
    except Exception as error:  # torchvision may not fit torch, and says so in ways of its own
        logger.debug("pyiqa", exc_info=True)
        why = f"{', '.join(names)} left out: pyiqa cannot be loaded here ({_said(error)})."
        return [], [why + " 'pip install pyiqa', and put its weights on the disk, to have them."]
    found, notes = [], []
    for name in names:
        try:
            with offline(), contextlib.redirect_stdout(io.StringIO()):
                metric = pyiqa.create_metric(name, device=torch.device("cpu"))
        except Exception as error:  # whatever a library of metrics may raise
            logger.debug("pyiqa's %s", name, exc_info=True)
            notes.append(
                f"{name} left out: pyiqa cannot make it from what is on the disk ({_said(error)})."
            )
            continue
        found.append(Perceptual(name, bool(metric.lower_better), _measuring(metric)))
    return found, notes


def _measuring(metric: Any) -> Callable[[Picture, Picture], float]:
    def tensor(picture: Picture) -> torch.Tensor:
        planes = np.ascontiguousarray(np.moveaxis(np.clip(picture, 0, 1), -1, 0))
        return torch.from_numpy(planes)[None]

    def measure(finished: Picture, truth: Picture) -> float:
        with offline(), torch.inference_mode():
            if metric.metric_mode == "FR":
                return float(metric(tensor(finished), tensor(truth)))
            return float(metric(tensor(finished)))

    return measure


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
