"""float16: a variant that computes in half precision, with its measured difference.

ONNX Runtime's own converter does the work. Inputs and outputs stay float32, and operators that
lose too much can be kept in float32.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import onnx

from filmrestore_core.errors import ModelContractError, SettingsError
from filmrestore_core.models.card import ModelCard, Precision
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.session import Session
from filmrestore_export.onnx_graph import with_card
from filmrestore_export.parity import Parity, compare, require
from filmrestore_export.wrap import export_sizes

DEFAULT_BOUND = 0.02
"""Largest difference of a score: a fiftieth of its range."""


def half_precision(
    content: bytes,
    card: ModelCard,
    *,
    keep: Sequence[str] = (),
    bound: float = DEFAULT_BOUND,
    seed: int = 0,
) -> tuple[bytes, ModelCard, Parity]:
    """The float16 variant of a float32 model.

    The difference is measured on the processor with all of the runtime's fusions switched off, so
    that every operator's result is really rounded to float16, as on a GPU; sums within an operator
    are taken in float32 there.

    Args:
        content: the float32 file's bytes.
        card: its card.
        keep: operator types, such as "Softmax", that go on computing in float32.
        bound: largest difference from the float32 model.
        seed: of the inputs that are compared.

    Returns:
        The file's bytes, its card (id ends in "-fp16") and the measured difference.

    Raises:
        SettingsError: an operator to keep does not occur.
        ModelContractError: the model is float16 already, or the difference is above the bound.
    """
    if card.precision.compute == "float16":
        raise ModelContractError(f"{card.name} computes in float16 already.")
    model = onnx.load_from_string(content)
    occurring = {node.op_type for node in model.graph.node}
    if absent := sorted(set(keep) - occurring):
        raise SettingsError(
            f"{card.name} has no operator '{absent[0]}' to keep.",
            hint=f"it has {', '.join(sorted(occurring))}",
        )
    halved = _convert(model, keep)
    made = card.lone().model_copy(
        update={
            "id": f"{card.id}-fp16",
            "precision": Precision(compute="float16", kept=tuple(keep)),
        }
    )
    # An export's own parity is that of the float32 file.
    made = made.model_copy(
        update={"metrics": {k: v for k, v in card.metrics.items() if k != "parity"}}
    )
    parity = compare(
        Session(card, content, device=Device.CPU).run,
        Session(made, with_card(halved, made), device=Device.CPU, fuse=False).run,
        channels=card.inputs[0].channels,
        sizes=export_sizes(card),
        seed=seed,
    )
    require(parity, bound, made, what="float32 and float16")
    precision = made.precision.model_copy(update={"largest": parity.largest, "mean": parity.mean})
    made = made.model_copy(update={"precision": precision})
    return with_card(halved, made), made, parity


def _convert(model: Any, keep: Sequence[str]) -> Any:
    from onnxruntime.transformers.float16 import (
        DEFAULT_OP_BLOCK_LIST,
        convert_float_to_float16,
    )

    with warnings.catch_warnings():
        # It says of every weight too small for float16 that it was cut; the comparison that
        # follows says what that does to the result.
        warnings.filterwarnings("ignore", message="the float32 number")
        halved = convert_float_to_float16(
            model, keep_io_types=True, op_block_list=[*DEFAULT_OP_BLOCK_LIST, *keep]
        )
    del halved.graph.value_info[:]
    _sort(halved.graph)
    return halved


def _sort(graph: Any) -> None:
    """Bring nodes behind those they need; the converter appends its casts at the end."""
    made = {"", *(i.name for i in graph.input), *(i.name for i in graph.initializer)}
    rest, ordered = list(graph.node), []
    while rest:
        later = []
        for node in rest:
            if made.issuperset(node.input):
                ordered.append(node)
                made.update(node.output)
            else:
                later.append(node)
        if len(later) == len(rest):
            raise ModelContractError("The float16 graph cannot be put in order.")
        rest = later
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in ordered]
    del graph.node[:]
    graph.node.extend(copies)
