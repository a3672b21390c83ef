"""A training's checkpoint as a net and its card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from filmrestore_core.errors import ModelContractError
from filmrestore_core.inpaint.planes import OFFSETS
from filmrestore_core.inpaint.sampler import MINIMUM, MULTIPLE, STEP_PLANES
from filmrestore_core.matte import DETECTED_CLASSES
from filmrestore_core.models.card import ModelCard, Task
from filmrestore_core.segment.mark_crops import CROP_PLANES, PLANES_NAME, SIDE

DEFAULT_OPSET = 17
MARK_NET = "mark-net"


def open_checkpoint(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """A net with its trained weights, and the description it was built from.

    Raises:
        ModelContractError: the file is no checkpoint, or its weights are those of another net.
        SettingsError: its description is not one this version knows.
    """
    from filmrestore_core.learning.nets.build import build_net
    from filmrestore_core.learning.training.checkpoint import NET_KEY, load_tensors

    tensors, facts = load_tensors(path)
    spec = facts.get(NET_KEY)
    if not isinstance(spec, dict):
        raise ModelContractError(f"{path} does not say what net it is ('{NET_KEY}').", path=path)
    net = build_net(spec)
    try:
        net.load_state_dict(tensors)
    except RuntimeError as error:
        first = " ".join(str(error).split())[:300]
        raise ModelContractError(
            f"{path} holds the weights of another net: {first}.", path=path
        ) from error
    return net, spec


def complete_card(given: Mapping[str, Any], spec: Mapping[str, Any], *, where: str) -> ModelCard:
    """A card from what its author wrote and what the net's description says.

    Args:
        given: keys of a card: at least id, version and license; they go before what is derived.
        spec: the net's description.
        where: what to call the author's file in errors.

    Raises:
        ModelContractError: a key is missing, unknown or wrong.
    """
    derived: dict[str, Any] = {"opset": DEFAULT_OPSET}
    if spec.get("net") == MARK_NET:
        derived |= _judging()
    elif spec.get("planes") in STEP_PLANES:
        derived |= _drawing(spec)
    elif given.get("task", Task.SEGMENT) == Task.SEGMENT:
        derived |= _segmenter(spec)
    values = derived | dict(given)
    values["origin"] = {"net": dict(spec)} | dict(given.get("origin") or {})
    return ModelCard.of(values, where=where)


def _segmenter(spec: Mapping[str, Any]) -> dict[str, Any]:
    from filmrestore_core.learning.nets.build import build_net
    from filmrestore_core.segment.planes import PLANES

    multiple = int(build_net(dict(spec)).multiple_of)  # type: ignore[arg-type]
    kind = str(spec.get("planes"))
    frames = int(kind[1]) if kind[:1] == "t" and kind[1:2].isdigit() else 1
    classes = [c.value for c in DETECTED_CLASSES]
    return {
        "task": Task.SEGMENT.value,
        "planes": kind,
        "inputs": [{"name": "planes", "shape": [1, PLANES.get(kind, 1), "H", "W"]}],
        "outputs": [{"name": "damage", "shape": [1, len(classes), "H", "W"], "range": [0, 1]}],
        "classes": classes,
        "temporal": {"size": frames, "center": frames // 2},
        "size": {"multiple_of": multiple, "minimum": max(32, 2 * multiple)},
    }


def _judging() -> dict[str, Any]:
    """Of a net that judges marks: crops lie side by side, and none knows of another."""
    return {
        "task": Task.JUDGE.value,
        "planes": PLANES_NAME,
        "inputs": [{"name": "planes", "shape": [1, 2 * len(CROP_PLANES), "H", "W"]}],
        "outputs": [{"name": "logit", "shape": [1, 1, "H", "W"]}],
        "size": {"multiple_of": SIDE, "minimum": SIDE},
        "tiles": {"size": 3 * SIDE, "overlap": SIDE},
        "temporal": {"size": 5, "center": 2},
    }


def _drawing(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Of a diffusion net's one step."""
    from filmrestore_core.learning.nets.build import build_net

    multiple = int(build_net(dict(spec)).multiple_of)  # type: ignore[arg-type]
    kind = str(spec["planes"])
    frames = 1 + len(OFFSETS)
    return {
        "task": Task.INPAINT.value,
        "planes": kind,
        "inputs": [{"name": "planes", "shape": [1, STEP_PLANES[kind], "H", "W"]}],
        "outputs": [{"name": "residual", "shape": [1, 3, "H", "W"]}],
        "temporal": {"size": frames, "center": frames // 2},
        "size": {"multiple_of": max(multiple, MULTIPLE), "minimum": MINIMUM},
        # Of no use to holes, which are drawn on crops; it bounds what is said of the net's reach.
        "tiles": {"size": 512, "overlap": 192},
    }
