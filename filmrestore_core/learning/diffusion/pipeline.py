"""LoadedPipeline: a diffusers inpainting pipeline from a folder, and one call of it."""

from __future__ import annotations

import inspect
import math
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from filmrestore_core.errors import DeviceError, DeviceMemoryError, SettingsError, Stopped
from filmrestore_core.learning.diffusion.folder import PipelineFolder, look_through
from filmrestore_core.learning.diffusion.temporal_bias import TemporalBias
from filmrestore_core.runtime.device import Device
from filmrestore_core.settings import DiffusionSettings

_NEEDED = frozenset({"image", "mask_image", "strength", "num_inference_steps", "generator"})
# Inpainters of diffusers that its own table leaves out.
_BESIDE = frozenset({"FluxFillPipeline"})
_held: dict[tuple[str, str], LoadedPipeline] = {}
_holding = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What a pipeline made of a crop.

    Attributes:
        made: (h, w, 3) float32 0..1, the decoded result.
        kept: (h, w, 3) float32 0..1, what coding alone makes of the first fill.
    """

    made: NDArray[np.float32]
    kept: NDArray[np.float32]


class LoadedPipeline:
    """A pipeline in memory; one call at a time, others wait."""

    def __init__(self, pipeline: Any, device: torch.device, where: str) -> None:
        """Take a pipeline.

        Args:
            pipeline: of diffusers, on its device.
            device: where it is.
            where: its folder, for messages.

        Raises:
            SettingsError: it is not one that can be led from the first fill.
        """
        self._pipeline, self._device, self._where = pipeline, device, where
        self._scheduler = pipeline.scheduler
        self._lock = threading.Lock()
        self._takes = frozenset(inspect.signature(pipeline.__call__).parameters)
        vae: Any = getattr(pipeline, "vae", None)
        config = getattr(vae, "config", None)
        if not self._takes.issuperset(_NEEDED) or not hasattr(config, "scaling_factor"):
            raise SettingsError(
                f"{where} holds a {type(pipeline).__name__}, which cannot be started from a first "
                "fill in the latents of an image coder.",
                hint="Stable Diffusion, SDXL, SD3 and Flux can",
            )
        coder = 2 ** (len(vae.config.block_out_channels) - 1)
        net = getattr(pipeline, "unet", None)
        if net is None:
            net, halvings = pipeline.transformer, 1
        else:
            halvings = len(net.config.block_out_channels) - 1
        sample = getattr(pipeline, "default_sample_size", None)
        sample = sample or getattr(net.config, "sample_size", None) or 64
        self.scale = coder
        self.multiple = coder * 2**halvings
        """Sides of a crop must be multiples of this, px."""
        side = (sample if isinstance(sample, int) else min(sample)) * coder
        self.side = max(side - side % self.multiple, self.multiple)
        """Side of the pictures that the model learned from, px."""

    def check(self, settings: DiffusionSettings) -> None:
        """Find out before any frame whether the pipeline can do what is asked.

        Raises:
            SettingsError: it has no text encoder and needs one.
        """
        self._words(settings.prompt)

    def draw(
        self,
        picture: NDArray[np.float32],
        hole: NDArray[np.bool_],
        shown: NDArray[np.float32],
        settings: DiffusionSettings,
        *,
        seed: int,
        should_stop: Callable[[], bool],
    ) -> Drawn:
        """Fill a hole.

        Args:
            picture: (h, w, 3) float32 0..1, with the first fill in the hole; sides are multiples
                of `multiple`.
            hole: (h, w) bool.
            shown: (h, w) float32 0..1, how far neighbours show the hole.
            settings: prompt, steps, strength, fidelity and guidance.
            seed: of all noise that is drawn.
            should_stop: asked before each step, and while others have the pipeline.

        Raises:
            Stopped: it was asked to.
            DeviceMemoryError: the device has too little memory.
            SettingsError: the pipeline refuses its own parts.
        """
        with self._turn(should_stop), torch.no_grad(), _plainly(self._where):
            return self._draw(picture, hole, shown, settings, seed, should_stop)

    def _draw(
        self,
        picture: NDArray[np.float32],
        hole: NDArray[np.bool_],
        shown: NDArray[np.float32],
        settings: DiffusionSettings,
        seed: int,
        should_stop: Callable[[], bool],
    ) -> Drawn:
        scheduler = type(self._scheduler).from_config(self._scheduler.config)
        # A pipeline cuts number * strength off to whole steps; so many are run as were asked for.
        number = max(math.ceil(settings.steps / settings.strength), settings.steps + 1)
        bias = TemporalBias(
            scheduler,
            known=self._at_latents(1.0 - hole.astype(np.float32)).floor(),
            shown=self._shown(hole, shown),
            fidelity=settings.fidelity,
            steps=settings.steps,
            pack=self._pack if hasattr(self._pipeline, "_pack_latents") else None,
            should_stop=should_stop,
        )
        self._pipeline.scheduler = scheduler
        height, width = hole.shape
        asked: dict[str, Any] = {
            "image": torch.from_numpy(np.ascontiguousarray(np.moveaxis(picture, -1, 0)))[None],
            "mask_image": torch.from_numpy(hole.astype(np.float32))[None, None],
            "height": height,
            "width": width,
            "strength": (settings.steps + 0.5) / number,
            "num_inference_steps": number,
            "guidance_scale": self._guidance(settings),
            # Drawn on the processor, so that a graphics card gets the same noise.
            "generator": torch.Generator("cpu").manual_seed(seed),
            "output_type": "np",
            "return_dict": False,
            **self._words(settings.prompt),
        }
        result = self._pipeline(**{k: v for k, v in asked.items() if k in self._takes})
        made = np.asarray(result[0], np.float32).reshape(height, width, 3)
        if not np.isfinite(made).all():
            raise SettingsError(f"{self._where} draws values that are no numbers.")
        if bias.clean is None:
            raise SettingsError(f"{self._where} does not start from the first fill's latents.")
        return Drawn(made, self._decoded(bias.clean))

    def _decoded(self, latents: Tensor) -> NDArray[np.float32]:
        vae = self._pipeline.vae
        config = vae.config
        wide = vae.dtype == torch.float16 and getattr(config, "force_upcast", False)
        if wide:
            vae.to(torch.float32)
        z = latents.to(vae.dtype)
        mean, deviation = (getattr(config, f"latents_{k}", None) for k in ("mean", "std"))
        if mean is not None and deviation is not None:
            shape = (1, -1, 1, 1)
            spread = torch.tensor(deviation).view(shape).to(z)
            z = z * spread / config.scaling_factor + torch.tensor(mean).view(shape).to(z)
        else:
            z = z / config.scaling_factor + (getattr(config, "shift_factor", None) or 0.0)
        seen = vae.decode(z, return_dict=False)[0].float().cpu().numpy()[0]
        if wide:
            vae.to(torch.float16)
        picture = np.moveaxis(seen, 0, -1) / 2 + 0.5
        return np.asarray(np.clip(picture, 0.0, 1.0), np.float32)

    def _at_latents(self, plane: NDArray[np.float32]) -> Tensor:
        """(1, 1, h / scale, w / scale): means over what one latent stands for."""
        whole = torch.from_numpy(np.ascontiguousarray(plane, np.float32))[None, None]
        return torch.nn.functional.avg_pool2d(whole, self.scale)

    def _shown(self, hole: NDArray[np.bool_], shown: NDArray[np.float32]) -> Tensor:
        """Means of `shown` over the hole's part of each latent."""
        part = self._at_latents(hole.astype(np.float32))
        return self._at_latents(np.where(hole, shown, 0.0)) / part.clamp(min=1e-6)

    def _pack(self, latents: Tensor) -> Tensor:
        packed: Tensor = self._pipeline._pack_latents(latents, *latents.shape)
        return packed

    def _guidance(self, settings: DiffusionSettings) -> float:
        net = getattr(self._pipeline, "transformer", None)
        told = net is not None and getattr(net.config, "guidance_embeds", False)
        return settings.guidance if settings.prompt or told else 1.0

    def _words(self, prompt: str) -> dict[str, Any]:
        """The prompt, or what stands for no words where the pipeline cannot read."""
        pipeline = self._pipeline
        if getattr(pipeline, "text_encoder", None) is not None:
            return {"prompt": prompt}
        if prompt:
            raise SettingsError(
                f"{self._where} has no text encoder, so it can take no prompt.",
                hint="leave diffusion.prompt empty",
            )
        net: Any = getattr(pipeline, "unet", None)
        wide = getattr(getattr(net, "config", None), "cross_attention_dim", None)
        if not isinstance(wide, int) or "pooled_prompt_embeds" in self._takes:
            raise SettingsError(f"{self._where} has no text encoder, which its kind needs.")
        return {"prompt_embeds": torch.zeros(1, 77, wide, device=self._device, dtype=net.dtype)}

    @contextmanager
    def _turn(self, should_stop: Callable[[], bool]) -> Iterator[None]:
        while not self._lock.acquire(timeout=0.2):
            if should_stop():
                raise Stopped("The diffusion was asked to stop.")
        try:
            yield
        finally:
            self._lock.release()


def load(name: str, device: Device) -> tuple[LoadedPipeline, dict[str, str]]:
    """The pipeline in a folder; read once a process.

    Returns:
        The pipeline, and all that its answers depend on beside its input.

    Raises:
        SettingsError: the folder is none, not to be trusted, broken, or of another kind.
        DeviceError: the device is not there.
        ImportError: a library that the pipeline needs is not installed.
    """
    import diffusers
    import transformers

    folder = look_through(name)
    where = _torch_device(device)
    with _holding:
        key = (folder.sha256, str(where))
        if key not in _held:
            _held.clear()  # two of them seldom fit into memory
            _held[key] = _read(folder, where)
        loaded = _held[key]
    chip = torch.cuda.get_device_name() if where.type == "cuda" else where.type
    return loaded, {
        "model": f"{folder.class_name} {folder.sha256}",
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
        "transformers": transformers.__version__,
        "device": chip,
        "threads": str(torch.get_num_threads()) if where.type == "cpu" else "",
    }


def _read(folder: PipelineFolder, device: torch.device) -> LoadedPipeline:
    halves = torch.bfloat16 if "transformer" in folder.components else torch.float16
    extra: dict[str, Any] = dict.fromkeys(folder.without)
    if "safety_checker" in extra:
        extra["requires_safety_checker"] = False
    if "XL" in folder.class_name:
        extra["add_watermarker"] = False
    try:
        with _quietly():
            from diffusers import AutoPipelineForInpainting, DiffusionPipeline

            beside = folder.class_name in _BESIDE
            opener: Any = DiffusionPipeline if beside else AutoPipelineForInpainting
            pipeline = opener.from_pretrained(
                str(folder.path),
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                low_cpu_mem_usage=False,
                torch_dtype=torch.float32 if device.type == "cpu" else halves,
                **extra,
            )
            pipeline.set_progress_bar_config(disable=True)
            pipeline.to(device)
    except (ImportError, MemoryError):
        raise
    except torch.cuda.OutOfMemoryError as error:
        raise DeviceMemoryError(f"{folder.path} does not fit into the GPU's memory.") from error
    except Exception as error:  # a folder may be broken in any way
        raise SettingsError(
            f"{folder.path} cannot be loaded as an inpainting pipeline: {_first_line(error)}",
            path=folder.path,
        ) from error
    return LoadedPipeline(pipeline, device, str(folder.path))


def _torch_device(device: Device) -> torch.device:
    if device is Device.CPU:
        return torch.device("cpu")
    if device in (Device.AUTO, Device.CUDA, Device.TENSORRT) and torch.cuda.is_available():
        return torch.device("cuda")
    if device is Device.AUTO:
        return torch.device("cpu")
    raise DeviceError(
        f"The device '{device.value}' is none that diffusion can run on here.",
        hint="--device auto or cpu",
    )


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the libraries' bars and advice, which are not for our users."""
    import diffusers.utils.logging as one
    import transformers.utils.logging as two

    levels = one.get_verbosity(), two.get_verbosity()
    for log in (one, two):
        log.set_verbosity_error()
        log.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log, level in zip((one, two), levels, strict=True):
            log.set_verbosity(level)
            log.enable_progress_bar()


@contextmanager
def _plainly(where: str) -> Iterator[None]:
    """What the libraries raise, in a sentence."""
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        raise DeviceMemoryError("The GPU has too little memory for a crop.") from error
    except (ValueError, TypeError, RuntimeError, AttributeError) as error:
        if isinstance(error, (SettingsError, DeviceError)):
            raise
        raise SettingsError(f"{where} fails at a crop: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    text = lines[0].strip()[:160].rstrip(".") if lines else type(error).__name__
    return f"{text}."
