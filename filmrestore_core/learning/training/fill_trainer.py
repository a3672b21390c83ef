"""FillTrainer: teaches a net to better a first fill."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from filmrestore_core.errors import SettingsError
from filmrestore_core.inpaint.planes import FILL_PLANES, FIRST, MATTE
from filmrestore_core.learning.nets.filling import blurred
from filmrestore_core.learning.prior.film_prior import open_prior
from filmrestore_core.learning.samples.holes import BARE
from filmrestore_core.learning.samples.store import SceneStore
from filmrestore_core.learning.training.config import TrainingConfig
from filmrestore_core.learning.training.diffloss import DiffLoss, fingerprint
from filmrestore_core.learning.training.fill_batches import HoleCrops, draw_fill_batch
from filmrestore_core.learning.training.losses import filling_loss
from filmrestore_core.learning.training.scoring import Net
from filmrestore_core.learning.training.trainer import Running, Trainer

# What is seen without grain.
_SIGMA = 2.0


class FillTrainer(Trainer):
    """Trains one filling net in one folder; the stores hold holes."""

    quality = "low_psnr"

    def __init__(
        self,
        config: TrainingConfig,
        train: SceneStore,
        validation: SceneStore,
        out: Path,
        *,
        prior: Path | None = None,
        **how: Unpack[Running],
    ) -> None:
        """Build the net, or take up the training that lies in the folder.

        Args:
            config: see Trainer.
            train: holes to learn from.
            validation: holes to measure with.
            out: see Trainer.
            prior: checkpoint of the film prior that `config.diffloss` asks; else not looked at.
            **how: see Running.

        Raises:
            SettingsError: see Trainer; or a prior is asked and not given.
            ModelContractError: see Trainer; or the prior cannot be read.
            MissingExtraError: the prior needs diffusers.
        """
        self._prior = prior if config.diffloss else None
        if config.diffloss and prior is None:
            raise SettingsError(
                "The configuration asks a film prior ('diffloss').", hint="--prior FILE says which"
            )
        # A better prior may take the file's place meanwhile: it is looked at once.
        self._judged_by = {} if self._prior is None else {"prior": fingerprint(self._prior)}
        super().__init__(config, train, validation, out, **how)
        self._judge = self._opened_judge()

    def _opened_judge(self) -> DiffLoss | None:
        settings = self._config.diffloss
        if settings is None or self._prior is None:
            return None
        return DiffLoss(
            model=open_prior(self._prior).to(self._device),
            natural=settings.natural,
            semantic=settings.semantic,
            crop=settings.crop,
            seed=self._config.seed,
        )

    def _origin(self) -> dict[str, Any]:
        return self._judged_by

    def _prepare(self) -> None:
        self._holes = HoleCrops(self._train, self._config.scenes.train)
        self._seen = FILL_PLANES[str(self._config.net["planes"])]

    def _draw(self, step: int) -> tuple[NDArray[Any], ...]:
        config = self._config
        return draw_fill_batch(self._holes, batch=config.batch, seed=config.seed, step=step)

    def _loss(self, drawn: tuple[Tensor, ...]) -> Tensor:
        # Grain is put on later: what it should look like is the picture without it.
        planes, truth, bare = drawn
        with self._precision():
            fill = self._net(planes[:, : self._seen]).float()
        coverage = planes[:, MATTE : MATTE + 1]
        loss = filling_loss(fill, bare, coverage, fine=self._config.fine)
        settings = self._config.diffloss
        if self._judge is None or settings is None or self.step % settings.every:
            return loss
        return loss + self._judge(fill, bare, truth, coverage, step=self.step)

    def _score(self, run: Net) -> dict[str, Any]:
        """PSNR in holes of the fill, of the first fill, and of both low-passed, dB.

        Errors, against the picture without grain, of all holes are added up, so that large ones
        and bad ones count most; "gain" is the mean over crops of what low-passed PSNR rose by,
        "better" the share of crops where it rose.
        """
        crops = HoleCrops(self._validation, self._config.scenes.validation)
        sums, gains, pixels = np.zeros(4), [], 0.0
        for at in range(len(crops)):
            planes = crops[at]
            coverage = planes[MATTE]
            if coverage.max() <= 0:
                continue
            bare, first = planes[BARE], planes[FIRST]
            fill = run(np.ascontiguousarray(planes[: self._seen]))
            found = [
                _error(fill - bare, coverage, low=False),
                _error(first - bare, coverage, low=False),
                _error(fill - bare, coverage, low=True),
                _error(first - bare, coverage, low=True),
            ]
            sums += found
            inside = 3.0 * float((coverage > 0).sum())
            pixels += inside
            # Below a thousandth of white nobody sees an error.
            gains.append(10 * np.log10((found[3] / inside + 1e-6) / (found[2] / inside + 1e-6)))
        names = ("psnr", "first_psnr", "low_psnr", "first_low_psnr")
        return {
            **{
                name: round(float(-10 * np.log10(max(total, 1e-12) / max(pixels, 1.0))), 3)
                for name, total in zip(names, sums, strict=True)
            },
            "gain": round(float(np.mean(gains)) if gains else 0.0, 3),
            "better": round(float(np.mean([g > 0 for g in gains])) if gains else 0.0, 3),
            "crops": len(gains),
        }


def _error(error: NDArray[np.float32], coverage: NDArray[np.float32], *, low: bool) -> float:
    """Summed square of a composited error over the hole."""
    composited = torch.from_numpy(np.ascontiguousarray(error * coverage))[None]
    seen = blurred(composited, _SIGMA) if low else composited
    inside = torch.from_numpy(coverage > 0)
    return float((seen[0][:, inside] ** 2).sum())
