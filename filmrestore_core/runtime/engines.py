"""TensorRT engines: not models, but a cache of what was built from one for one card."""

from __future__ import annotations

from pathlib import Path

from filmrestore_core.models.card import ModelCard

_SMALLEST_WORKSPACE = 1 << 30


def engine_name(
    sha256: str, *, tensorrt: str, device: str, precision: str, smallest: int, largest: int
) -> str:
    """The name of an engine's file: all that it depends on, so that another's is never taken.

    Args:
        sha256: of the ONNX file.
        tensorrt: TensorRT's version.
        device: the GPU's name.
        precision: float32 or float16.
        smallest: shortest side of the tiles it was built for, in pixels.
        largest: longest side of these.
    """
    parts = (sha256[:16], f"trt{tensorrt}", device, precision, f"{smallest}-{largest}")
    return "_".join("".join(c if c.isalnum() or c in ".-" else "-" for c in p) for p in parts) + (
        ".engine"
    )


def tile_sides(card: ModelCard) -> tuple[int, int]:
    """The smallest and the largest side of a tile that a card's rules make, none being joined."""
    step = card.size.multiple_of
    smallest = -(-max(card.size.minimum, step) // step) * step
    return smallest, max(card.tiles.size, smallest)


def tensorrt_options(card: ModelCard, cache: Path | None) -> dict[str, str]:
    """Options of ONNX Runtime's TensorRT provider for a card.

    Shapes are given, so that one engine serves every tile; half precision is left to float16
    models, which carry their measured difference. Names after
    https://onnxruntime.ai/docs/execution-providers/TensorRT-ExecutionProvider.html.
    """
    low, high = tile_sides(card)
    name, channels = card.inputs[0].name, card.inputs[0].channels

    def shape(side: int) -> str:
        return f"{name}:1x{channels}x{side}x{side}"

    options = {
        "trt_profile_min_shapes": shape(low),
        "trt_profile_opt_shapes": shape(high),
        "trt_profile_max_shapes": shape(high),
        "trt_max_workspace_size": str(_SMALLEST_WORKSPACE),
        "trt_fp16_enable": "1" if card.precision.compute == "float16" else "0",
    }
    if cache is not None:
        cache.mkdir(parents=True, exist_ok=True)
        options |= {
            "trt_engine_cache_enable": "1",
            "trt_engine_cache_path": str(cache),
            "trt_timing_cache_enable": "1",
            "trt_timing_cache_path": str(cache),
        }
    return options
