"""Calibrating a checkpoint on scenes of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from filmrestore_core.learning.nets.build import build_net
from filmrestore_core.learning.samples.store import ScenePlan, SceneStore
from filmrestore_core.learning.training.calibrate import Calibration, calibrate
from filmrestore_core.learning.training.checkpoint import NET_KEY, load_tensors


def calibrate_checkpoint(
    checkpoint: Path, plan: ScenePlan, scenes: Path, *, most_false: float, workers: int = 1
) -> Calibration:
    """Make the scenes that are lacking, then choose the pivots.

    Args:
        checkpoint: a training's .safetensors.
        plan: scenes that the training did not see.
        scenes: where they are kept.
        most_false: see `calibrate`.
        workers: processes that make scenes.

    Raises:
        ModelContractError: the file is no checkpoint.
        SettingsError: the data do not suffice, or the folder holds other scenes.
    """
    tensors, facts = load_tensors(checkpoint)
    net = build_net(facts[NET_KEY])
    net.load_state_dict(tensors)
    net.eval()
    store = SceneStore(scenes)
    store.make(plan, workers=workers)

    def run(planes: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return np.asarray(net(torch.from_numpy(planes[None]))[0].numpy(), np.float32)

    kind = str(facts[NET_KEY]["planes"])
    return calibrate(run, store, range(plan.count), kind, most_false=most_false)
