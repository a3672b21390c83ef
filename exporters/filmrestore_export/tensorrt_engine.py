"""TensorRT engines, by TensorRT's own interface or by ONNX Runtime's provider.

Both need an NVIDIA GPU and TensorRT's libraries; without them a sentence says so. An engine is
good for one GPU, one version of TensorRT and the shapes it was built for: all of it is in its name.
Calls after https://docs.nvidia.com/deeplearning/tensorrt/latest/_static/python-api/ (10.x).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from filmrestore_core.errors import DeviceError, MissingExtraError, ModelContractError
from filmrestore_core.models.store import Model
from filmrestore_core.models.whole_file import write_whole
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.engines import engine_name, tile_sides
from filmrestore_core.runtime.fingerprint import gpu_name
from filmrestore_core.runtime.session import Session

_WORKSPACE = 1 << 30


def build_by_tensorrt(model: Model, folder: Path) -> Path:
    """Build an engine with TensorRT itself.

    Args:
        model: a checked model.
        folder: where the engine is written.

    Returns:
        The engine's file; one that is there already is not built again.

    Raises:
        MissingExtraError: TensorRT is not installed.
        DeviceError: there is no GPU that TensorRT can use, or building failed.
        ModelContractError: TensorRT's parser refuses the graph.
    """
    try:
        import tensorrt as trt
    except ImportError as error:
        raise MissingExtraError(
            "TensorRT's Python package is not installed.",
            hint="'pip install tensorrt' on a machine with an NVIDIA GPU",
        ) from error
    card = model.card
    low, high = tile_sides(card)
    path = folder / engine_name(
        model.sha256,
        tensorrt=str(trt.__version__),
        device=gpu_name(),
        precision=card.precision.compute,
        smallest=low,
        largest=high,
    )
    if path.exists():
        return path
    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    if builder is None:
        raise DeviceError("TensorRT finds no GPU that it can build for.")
    network = builder.create_network(_network_flags(trt))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(model.content):
        said = "; ".join(str(parser.get_error(at)) for at in range(min(parser.num_errors, 3)))
        raise ModelContractError(f"TensorRT refuses {card.name}: {said}.")
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, _WORKSPACE)
    # Full precision: what a float16 model may round, it says in its own graph.
    if hasattr(trt.BuilderFlag, "TF32"):
        config.clear_flag(trt.BuilderFlag.TF32)
    profile = builder.create_optimization_profile()
    channels = card.inputs[0].channels
    profile.set_shape(
        card.inputs[0].name,
        (1, channels, low, low),
        (1, channels, high, high),
        (1, channels, high, high),
    )
    config.add_optimization_profile(profile)
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        raise DeviceError(f"TensorRT could not build an engine of {card.name}.")
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(path, bytes(engine))
    return path


def build_by_runtime(model: Model, folder: Path) -> tuple[Path, ...]:
    """Let ONNX Runtime's TensorRT provider build its engines into its cache.

    A session that is given the same folder finds them there.

    Args:
        model: a checked model.
        folder: the cache.

    Returns:
        The files of the cache.

    Raises:
        DeviceError: the provider cannot be loaded here, or failed.
    """
    session = Session(model.card, model.content, device=Device.TENSORRT, engine_cache=folder)
    for side in tile_sides(model.card):
        session.run(np.zeros((model.card.inputs[0].channels, side, side), np.float32))
    return tuple(sorted(path for path in folder.iterdir() if path.is_file()))


def _network_flags(trt: Any) -> int:
    """Explicit types, so that a float16 graph keeps its casts; the only kind from 11 on."""
    flags = trt.NetworkDefinitionCreationFlag
    return 1 << int(flags.STRONGLY_TYPED) if hasattr(flags, "STRONGLY_TYPED") else 0
