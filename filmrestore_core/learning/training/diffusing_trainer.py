"""DiffusingTrainer: teaches a net the step from noise toward what a hole hid."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from filmrestore_core.errors import ModelContractError
from filmrestore_core.inpaint.planes import FILL_PLANES, FIRST, MATTE, PLANE_NAMES
from filmrestore_core.inpaint.sampler import RESIDUAL_SCALE, sample
from filmrestore_core.learning.nets.build import build_net
from filmrestore_core.learning.nets.diffusing import SPREAD, shares_of_time
from filmrestore_core.learning.nets.filling import blurred
from filmrestore_core.learning.samples.holes import BARE
from filmrestore_core.learning.samples.store import SceneStore
from filmrestore_core.learning.training.checkpoint import NET_KEY, load_tensors
from filmrestore_core.learning.training.config import TrainingConfig
from filmrestore_core.learning.training.diffloss import fingerprint
from filmrestore_core.learning.training.diffusing_batches import draw_diffusing_batch
from filmrestore_core.learning.training.fill_batches import HoleCrops
from filmrestore_core.learning.training.rebase import rebased, steps_planes
from filmrestore_core.learning.training.scoring import Net
from filmrestore_core.learning.training.trainer import Running, Trainer
from filmrestore_core.noise import generator

Planes = NDArray[np.float32]

# Weights are 1 / (spread of what is to be found)^2, but not beyond this time.
_EARLIEST = 0.05
# Areas count beside pixels: holes are judged from afar first.
_AREA_SIGMA = 2.0
_AREA_SHARE = 2.0
_SEEN_SIGMA = 2.0
# Usual contrast of a crop, and what counts as none.
_CONTRAST, _FLAT = 0.12, 0.04
# (name, steps, start) of the samples that are measured.
SAMPLES = (("one", 1, 1.0), ("four", 4, 1.0), ("four from 0.4", 4, 0.4))


class DiffusingTrainer(Trainer):
    """Trains one diffusing net in one folder; the stores hold holes."""

    quality = "low_psnr one"

    def __init__(
        self,
        config: TrainingConfig,
        train: SceneStore,
        validation: SceneStore,
        out: Path,
        *,
        base: Path | None = None,
        **how: Unpack[Running],
    ) -> None:
        """Build the net, or take up the training that lies in the folder.

        Args:
            config: see Trainer.
            train: holes to learn from.
            validation: holes to measure with.
            out: see Trainer.
            base: checkpoint of a filling net, whose answer takes the first fill's place.
            **how: see Running.

        Raises:
            SettingsError: see Trainer.
            ModelContractError: see Trainer; or the base cannot be read, or is no filling net's.
        """
        self._made_from = {"base": None if base is None else fingerprint(base)}
        super().__init__(config, train, validation, out, **how)
        self._base = open_base(base, self._device)

    def _origin(self) -> dict[str, Any]:
        return self._made_from

    def _prepare(self) -> None:
        self._holes = HoleCrops(self._train, self._config.scenes.train)

    def _draw(self, step: int) -> tuple[NDArray[Any], ...]:
        config = self._config
        return draw_diffusing_batch(
            self._holes, batch=config.batch, crop=config.crop, seed=config.seed, step=step
        )

    def _loss(self, drawn: tuple[Tensor, ...]) -> Tensor:
        planes, bare, noise, t, based = drawn
        planes = torch.lerp(planes, self._base(planes), based.view(-1, 1, 1, 1))
        hole = (planes[:, MATTE : MATTE + 1] > 0).to(planes.dtype)
        residual = hole * (bare - planes[:, FIRST]) * RESIDUAL_SCALE
        beside = t.view(-1, 1, 1, 1)
        noised = (1 - beside) * residual + beside * noise
        with self._precision():
            answer = self._net(steps_planes(planes, noised, t))
        share = self._config.even
        even = None if share is None else evenness(planes, share)
        return diffusing_loss(answer.float(), residual, hole, t, even)

    def _begin_from(self, start: Path) -> None:
        """As of Trainer; spread and opaqueness may be others than the checkpoint's net has."""
        tensors, facts = load_tensors(start)
        given, wanted = facts.get(NET_KEY), self._config.net
        own = {k: wanted[k] for k in ("spread", "opaque") if k in wanted}
        if not isinstance(given, dict) or given | own != wanted:
            super()._begin_from(start)
            return
        whole = {k: v for k, v in self._net.state_dict().items() if k.startswith("uncertain.")}
        self._net.load_state_dict(whole | tensors)
        self._average = {k: v.detach().clone() for k, v in self._net.state_dict().items()}

    def _score(self, run: Net) -> dict[str, Any]:
        """PSNR in holes of samples and of the base fill, dB, against the picture without grain.

        "low_psnr" is low-passed. Errors of all holes are added up, so that large ones and bad ones
        count most. "detail" is the power of what is finer than 2 px in the fill, against the
        truth's.
        """
        crops = HoleCrops(self._validation, self._config.scenes.validation)
        names = ("base", *(name for name, _, _ in SAMPLES))
        sums = np.zeros((len(names), 3))
        power = pixels = 0.0
        for at in range(len(crops)):
            planes = crops[at]
            hole = (planes[MATTE] > 0).astype(np.float32)
            if not hole.any():
                continue
            condition, bare = planes[: len(PLANE_NAMES)], planes[BARE]
            with torch.inference_mode():
                given = torch.from_numpy(condition)[None].to(self._device)
                condition = self._base(given)[0].cpu().numpy()
            noise = generator(self._config.seed, "diffusing validation", at).standard_normal(
                bare.shape, np.float32
            )
            fills = [condition[FIRST]]
            for _, steps, start in SAMPLES:
                fills.append(sample(run, condition, noise, steps=steps, start=start))
            for row, fill in enumerate(fills):
                sums[row] += _measured(fill, bare, hole)
            power += float(np.square((bare - _soft(bare)) * hole).sum())
            pixels += 3.0 * float(hole.sum())
        figures = {}
        for name, (wrong, low, detail) in zip(names, sums, strict=True):
            figures[f"psnr {name}"] = _decibels(wrong / pixels)
            figures[f"low_psnr {name}"] = _decibels(low / pixels)
            figures[f"detail {name}"] = round(float(detail / max(power, 1e-12)), 3)
        return figures


def open_base(path: Path | None, device: torch.device) -> Callable[[Tensor], Tensor]:
    """What puts a filling net's answer in place of the first fill, see `rebased`.

    Args:
        path: best.safetensors of `filmrestore train inpainter`; None leaves planes as they are.
        device: where it computes.

    Returns:
        (N, 29, H, W) -> the same.

    Raises:
        ModelContractError: the file cannot be read, or holds no filling net.
    """
    if path is None:
        return lambda planes: planes
    tensors, facts = load_tensors(path)
    spec = facts.get(NET_KEY)
    if not isinstance(spec, dict) or spec.get("planes") not in FILL_PLANES:
        raise ModelContractError(f"'{path}' holds {spec}, not a filling net.", path=path)
    net: nn.Module = build_net(spec).to(device)
    net.load_state_dict(tensors)
    net.requires_grad_(False).eval()
    count = FILL_PLANES[str(spec["planes"])]

    def better(planes: Tensor) -> Tensor:
        with torch.no_grad():
            return rebased(planes, net(planes[:, :count]))

    return better


def diffusing_loss(
    answer: Tensor, residual: Tensor, hole: Tensor, t: Tensor, even: Tensor | None = None
) -> Tensor:
    """Squared error inside holes, of pixels and of areas; weighted as in Karras et al., 2022.

    It stays least for the mean of what may have been there, which flow matching needs. A crop
    counts as the square root of its hole: else one blot would drown all specks.

    Args:
        answer: (N, 3, H, W) estimate of r.
        residual: (N, 3, H, W), r.
        hole: (N, 1, H, W), 0 or 1.
        t: (N,) in 0..1.
        even: (N,), see `evenness`; None for none.
    """
    _, missed = shares_of_time(t.clamp(min=_EARLIEST))
    weight = (SPREAD * missed).square().reciprocal().view(-1, 1, 1, 1)
    error = (answer - residual) * hole
    area = blurred(error, _AREA_SIGMA)
    each = weight * (error.square() + _AREA_SHARE * area.square()) * hole
    pixels = hole.sum(dim=(1, 2, 3))
    mean = each.sum(dim=(1, 2, 3)) / (3 * pixels + 1)
    counts = pixels.sqrt() if even is None else pixels.sqrt() * even
    return (mean * counts).sum() / (pixels.sqrt().sum() + 1)


def evenness(planes: Tensor, share: float) -> Tensor:
    """(N,) how much crops count: more where the picture has little contrast, and errors are small.

    It depends on what is seen only; so the least loss is still that of the mean.

    Args:
        planes: (N, P, H, W), planes of inpaint.planes.
        share: 0 lets all count as they do, 1 as much more as they have less contrast.
    """
    contrast = planes[:, FIRST].std(dim=(2, 3)).mean(dim=1)
    return ((_CONTRAST + _FLAT) / (contrast + _FLAT)) ** share


def _measured(fill: Planes, bare: Planes, hole: Planes) -> tuple[float, float, float]:
    error = (fill - bare) * hole
    fine = (fill - _soft(fill)) * hole
    return (
        float(np.square(error).sum()),
        float(np.square(_soft(error) * hole).sum()),
        float(np.square(fine).sum()),
    )


def _soft(picture: Planes) -> Planes:
    soft = blurred(torch.from_numpy(np.ascontiguousarray(picture))[None], _SEEN_SIGMA)
    return np.asarray(soft[0].numpy(), np.float32)


def _decibels(mean: float) -> float:
    return round(float(-10 * np.log10(max(mean, 1e-12))), 3)
