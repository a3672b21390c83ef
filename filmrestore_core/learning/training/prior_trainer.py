"""PriorTrainer: teaches a film prior what undamaged film looks like."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from filmrestore_core.learning.prior.crops import draw_crops, kept_crops
from filmrestore_core.learning.prior.film_prior import noised
from filmrestore_core.learning.samples.scene import CLEAN
from filmrestore_core.learning.training.scoring import Net
from filmrestore_core.learning.training.trainer import Trainer

# Times at which the prior is measured.
TIMES = (0.1, 0.3, 0.5, 0.7, 0.9)
_AT_ONCE = 16


class PriorTrainer(Trainer):
    """Trains a prior in one folder; the stores hold scenes, of which clean planes are used."""

    quality = "explained"

    def _prepare(self) -> None:
        self._train.hold(self._config.scenes.train, range(CLEAN.start, CLEAN.stop))

    def _draw(self, step: int) -> tuple[NDArray[Any], ...]:
        config = self._config
        return draw_crops(
            self._train,
            config.scenes.train,
            batch=config.batch,
            crop=config.crop,
            seed=config.seed,
            step=step,
        )

    def _loss(self, drawn: tuple[Tensor, ...]) -> Tensor:
        pictures, noise, t = drawn
        with self._precision():
            velocity = self._net(noised(pictures, noise, t), t)
        loss: Tensor = (velocity.float() - (noise - pictures)).square().mean()
        return loss

    def _score(self, run: Net) -> dict[str, Any]:
        """How well noise is told from picture on crops of clips kept apart.

        "explained" is the share of the velocity's power that the net predicts, over TIMES; "psnr"
        and a time is the picture's, dB of 0..1, in one step from that time.
        """
        config = self._config
        pictures, noise = kept_crops(
            self._validation, config.scenes.validation, crop=config.crop, seed=config.seed
        )
        net = self._averaged_net()
        missed = power = 0.0
        figures: dict[str, Any] = {}
        for time in TIMES:
            wrong = 0.0
            for at in range(0, len(pictures), _AT_ONCE):
                clean, eps = (
                    torch.from_numpy(a[at : at + _AT_ONCE]).to(self._device)
                    for a in (pictures, noise)
                )
                t = torch.full((len(clean),), time, device=self._device)
                with torch.inference_mode():
                    error = net(noised(clean, eps, t), t) - (eps - clean)
                wrong += float(error.square().sum())
                power += float((eps - clean).square().sum())
            missed += wrong
            # The picture's error is t times the velocity's, and half as large in 0..1.
            mean = wrong / pictures.size * (time / 2) ** 2
            figures[f"psnr at {time}"] = round(float(-10 * np.log10(max(mean, 1e-12))), 3)
        return {"explained": round(1 - missed / power, 5), **figures}
