"""The weights that an adaptation begins with: a model on the shelf and its checkpoint beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from filmrestore_core.errors import ModelContractError, ModelNotFoundError
from filmrestore_core.learning.nets.build import build_net
from filmrestore_core.learning.training.checkpoint import NET_KEY, load_tensors
from filmrestore_core.models.card import Task
from filmrestore_core.models.store import Model, ModelStore, open_lone
from filmrestore_core.noise import generator
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.session import Session
from filmrestore_core.segment.planes import PLANES

# torch and ONNX Runtime differ by roundings; weights of another training by far more.
_ALIKE = 1e-3


@dataclass(frozen=True, slots=True)
class BaseWeights:
    """A segmenter that can be taught further.

    Attributes:
        model: the exported net, which finds the damage a film has already.
        checkpoint: the same weights as safetensors.
        spec: what the net is built from.
        state: the weights, by name.
    """

    model: Model
    checkpoint: Path
    spec: dict[str, Any]
    state: dict[str, torch.Tensor]

    @property
    def threshold(self) -> float:
        """The score from which a pixel counts as damaged at standard sensitivity."""
        return float(self.model.card.calibration.get("pivot", 0.5))


def checkpoint_path(model: Model) -> Path:
    """Where a model's checkpoint lies: beside its file, under the same name."""
    return model.path.with_suffix(".safetensors")


def find_base(models: ModelStore, name: str) -> BaseWeights:
    """A segmenter with its checkpoint.

    Args:
        models: the shelf.
        name: of a model on it, or of a lone .onnx file.

    Raises:
        ModelNotFoundError: there is no such model, or no checkpoint beside it.
        ModelContractError: it is no segmenter, or the checkpoint holds other weights.
    """
    model = open_lone(Path(name)) if name.endswith(".onnx") else models.open(name)
    card = model.card
    if card.task is not Task.SEGMENT or card.planes not in PLANES:
        raise ModelContractError(f"{card.name} finds no damage, so it cannot be adapted to a film.")
    path = checkpoint_path(model)
    if not path.is_file():
        raise ModelNotFoundError(
            f"{card.name} has no weights to learn on from: there is no '{path}'.",
            hint="put the training's best.safetensors there",
        )
    tensors, facts = load_tensors(path)
    spec = facts.get(NET_KEY)
    if not isinstance(spec, dict) or spec.get("planes") != card.planes:
        raise ModelContractError(f"{path} does not hold the net of {card.name}.", path=path)
    _require_alike(model, spec, tensors, path)
    return BaseWeights(model, path, spec, tensors)


def _require_alike(
    model: Model, spec: dict[str, Any], tensors: dict[str, torch.Tensor], path: Path
) -> None:
    net = build_net(spec)
    try:
        net.load_state_dict(tensors)
    except RuntimeError as error:
        raise ModelContractError(f"{path} holds the weights of another net.", path=path) from error
    rule = model.card.size
    side = -(-max(rule.minimum, 2 * rule.multiple_of) // rule.multiple_of) * rule.multiple_of
    planes = generator(1, "alike").random((PLANES[model.card.planes], side, side), np.float32)
    session = Session(model.card, model.content, device=Device.CPU)
    with torch.inference_mode():
        given = net.eval()(torch.from_numpy(planes[None]))[0].numpy()
    apart = float(np.abs(session.run(planes) - given).max())
    if not apart <= _ALIKE:
        raise ModelContractError(
            f"{path} holds other weights than {model.card.name}: scores differ by {apart:.2g}.",
            path=path,
        )
