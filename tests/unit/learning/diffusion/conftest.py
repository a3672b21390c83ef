"""Tiny random pipelines on disk, made from seeds; none of them has learned anything."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PipelineMaker = Callable[..., Path]


@pytest.fixture(scope="session")
def make_pipeline(tmp_path_factory: pytest.TempPathFactory) -> PipelineMaker:
    """A factory of folders with a Stable Diffusion inpainter of a few thousand weights."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    pytest.importorskip("transformers")
    os.environ["HF_HUB_OFFLINE"] = "1"

    def make(channels: int = 9, *, prediction: str = "epsilon", sampler: str = "DDIM") -> Path:
        import diffusers
        from diffusers.utils import logging

        logging.set_verbosity_error()
        folder = tmp_path_factory.mktemp("pipeline") / "tiny"
        how: dict[str, Any] = {"prediction_type": prediction, "steps_offset": 1}
        if sampler == "DDIM":
            how["clip_sample"] = False
        with torch.random.fork_rng():
            torch.manual_seed(3)
            coder = diffusers.AutoencoderKL(
                block_out_channels=(8, 8, 8),
                norm_num_groups=4,
                down_block_types=("DownEncoderBlock2D",) * 3,
                up_block_types=("UpDecoderBlock2D",) * 3,
            )
            net = diffusers.UNet2DConditionModel(
                sample_size=16,
                in_channels=channels,
                out_channels=4,
                block_out_channels=(8, 16),
                layers_per_block=1,
                norm_num_groups=4,
                down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
                up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
                cross_attention_dim=8,
                attention_head_dim=2,
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            whole = diffusers.StableDiffusionInpaintPipeline(
                vae=coder,
                text_encoder=None,
                tokenizer=None,
                unet=net,
                scheduler=getattr(diffusers, f"{sampler}Scheduler")(**how),
                safety_checker=None,
                feature_extractor=None,
                requires_safety_checker=False,
            )
            whole.save_pretrained(folder, safe_serialization=True)
        return folder

    return make


@pytest.fixture(scope="session")
def pipeline_folder(make_pipeline: PipelineMaker) -> Path:
    """One that no test may change."""
    return make_pipeline()


@pytest.fixture
def own_folder(pipeline_folder: Path, tmp_path: Path) -> Path:
    """One that the test may spoil."""
    return Path(shutil.copytree(pipeline_folder, tmp_path / "own"))
