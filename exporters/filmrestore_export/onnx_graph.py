"""torch -> ONNX: one file with its card inside, proved to compute what torch does.

The tracing exporter is used (`dynamo=False`): it needs nothing beside torch and onnx, and gives
plain operators with free height and width. What it warns of, that a size was frozen into the
graph, is handed on as a note and then tested: torch and the file are compared at several sizes.
"""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from filmrestore_core.errors import ModelContractError
from filmrestore_core.models.card import CARD_KEY, ModelCard
from filmrestore_core.models.onnx_scan import scan_onnx
from filmrestore_core.models.whole_file import write_whole
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.session import Session
from filmrestore_export.parity import Parity, compare, require
from filmrestore_export.wrap import Activation, PromisedNet, export_sizes, promised, reach_of

_IR_VERSION = 8  # read by every ONNX Runtime since 1.12; enough for opsets 17 and 18


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written.

    Attributes:
        card: as the file carries it, with the measured parity and the net's reach among its
            metrics.
        path: the file.
        parity: torch against ONNX Runtime on the processor.
        notes: what the exporter warned of, and whether tiles may leave seams.
    """

    card: ModelCard
    path: Path
    parity: Parity
    notes: tuple[str, ...]


def export_onnx(
    module: nn.Module,
    card: ModelCard,
    path: Path,
    *,
    activation: Activation = Activation.NONE,
    bound: float | None = None,
    seed: int = 0,
) -> Exported:
    """Write a net as ONNX, once it has proved to be what the card says.

    Args:
        module: takes (1, P, H, W) float32, gives (1, K, H, W); left in evaluation mode.
        card: what the file is to be; its opset is used.
        path: the file to write; replaced whole or not at all.
        activation: what is still to be put behind the net.
        bound: largest difference from torch; None takes the card's tolerance.
        seed: of the inputs that are compared.

    Raises:
        ModelContractError: the net is not what the card says, or the file computes something else.
        OSError: the file cannot be written.
    """
    net = promised(module, card, activation)
    traced, notes = _trace(net, card)
    model = onnx.load_from_string(traced)
    _tidy(model, card)
    parity = _parity(net, model, card, seed)
    limit = card.tolerance.across_devices if bound is None else bound
    require(parity, limit, card, what="torch and ONNX Runtime")
    reach, beyond = reach_of(net, card), "more than the overlap"
    if reach is None:
        notes += (
            f"{card.name} reaches further than its tiles overlap ({card.tiles.overlap} pixels): "
            "they may leave seams.",
        )
    made = card.lone().model_copy(
        update={
            "metrics": card.metrics
            | {"parity": parity.values(), "reach": beyond if reach is None else reach},
            "origin": card.origin | {"torch": torch.__version__, "onnx": onnx.__version__},
        }
    )
    write_whole(path, with_card(model, made))
    return Exported(made, path, parity, notes)


def with_card(model: Any, card: ModelCard) -> bytes:
    """The model's bytes with the card in its metadata; an older card is replaced.

    Raises:
        ModelContractError: the model is no valid ONNX, or would need further files.
    """
    kept = {p.key: p.value for p in model.metadata_props if p.key != CARD_KEY}
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, kept | {CARD_KEY: card.to_json()})
    try:
        onnx.checker.check_model(model, full_check=True)
    except onnx.checker.ValidationError as error:
        first = str(error).splitlines()[0]
        raise ModelContractError(f"{card.name} is no valid ONNX graph: {first}.") from error
    content = bytes(model.SerializeToString())
    if scan_onnx(content, where=card.name).external:
        raise ModelContractError(f"{card.name} would need a further file for its weights.")
    return content


def torch_run(net: nn.Module) -> Any:
    """A torch net as a function of one (P, H, W) array."""

    def run(planes: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            given: NDArray[np.float32] = net(torch.from_numpy(planes)[None])[0].numpy()
        return given

    return run


def _trace(net: PromisedNet, card: ModelCard) -> tuple[bytes, tuple[str, ...]]:
    height, width = export_sizes(card)[1]
    planes = torch.zeros(1, card.inputs[0].channels, height, width)
    given, made = card.inputs[0].name, card.outputs[0].name
    with (
        tempfile.TemporaryDirectory() as folder,
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        file = Path(folder) / "net.onnx"
        try:
            torch.onnx.export(
                net,
                (planes,),
                file,
                opset_version=card.opset,
                dynamo=False,
                input_names=[given],
                output_names=[made],
                dynamic_axes={given: {2: "H", 3: "W"}, made: {2: "H", 3: "W"}},
            )
        except Exception as error:
            kind = type(error).__name__
            first = (str(error).strip().splitlines() or [kind])[0]
            raise ModelContractError(
                f"{card.name} cannot be written as ONNX opset {card.opset} ({kind}: {first})."
            ) from error
        traced = file.read_bytes()
    notes: list[str] = []
    for warning in caught:
        # That the tracing exporter is the older one is known and chosen.
        if issubclass(warning.category, DeprecationWarning):
            continue
        text = " ".join(str(warning.message).split())
        place = f"{Path(warning.filename).name}, line {warning.lineno}"
        notes.append(f"{place}: {text}"[:300])
    return traced, tuple(dict.fromkeys(notes))


def _tidy(model: Any, card: ModelCard) -> None:
    """Say the promised shapes plainly and leave out where on whose disk the net was traced."""
    model.ir_version = min(model.ir_version, _IR_VERSION)
    model.graph.doc_string = model.doc_string = ""
    model.graph.name = card.name
    for node in model.graph.node:
        node.doc_string = ""
    dims = model.graph.output[0].type.tensor_type.shape.dim
    for dim, side in zip(dims, card.outputs[0].shape, strict=True):
        dim.Clear()
        if isinstance(side, int):
            dim.dim_value = side
        else:
            dim.dim_param = side
    # Shapes in between were written down for the traced size.
    del model.graph.value_info[:]


def _parity(net: PromisedNet, model: Any, card: ModelCard, seed: int) -> Parity:
    session = Session(card, bytes(model.SerializeToString()), device=Device.CPU)
    return compare(
        torch_run(net),
        session.run,
        channels=card.inputs[0].channels,
        sizes=export_sizes(card),
        seed=seed,
    )
