"""Names and options of TensorRT engines; building them needs TensorRT."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from filmrestore_core.models.card import ModelCard
from filmrestore_core.runtime.engines import engine_name, tensorrt_options, tile_sides

Cards = Callable[..., ModelCard]


def test_an_engine_is_named_after_all_it_depends_on() -> None:
    base = {"tensorrt": "10.15", "device": "NVIDIA A10", "precision": "float32"}

    def name(sha: str = "a" * 64, low: int = 16, high: int = 96, **changes: str) -> str:
        return engine_name(sha, **(base | changes), smallest=low, largest=high)

    names = {
        name(),
        name("b" * 64),
        name(tensorrt="10.16"),
        name(device="NVIDIA A40"),
        name(precision="float16"),
        name(low=32),
        name(high=512),
    }
    assert len(names) == 7
    assert all("/" not in n and " " not in n and n.endswith(".engine") for n in names)


def test_the_shapes_are_those_that_tiles_have(tiny_card: Cards, tmp_path: Path) -> None:
    card = tiny_card(size={"multiple_of": 8, "minimum": 20}, tiles={"size": 96, "overlap": 24})
    assert tile_sides(card) == (24, 96)
    options = tensorrt_options(card, tmp_path / "engines")
    assert options["trt_profile_min_shapes"] == "planes:1x3x24x24"
    assert options["trt_profile_max_shapes"] == "planes:1x3x96x96"
    assert options["trt_fp16_enable"] == "0"
    assert Path(options["trt_engine_cache_path"]).is_dir()
    assert "trt_engine_cache_enable" not in tensorrt_options(card, None)
