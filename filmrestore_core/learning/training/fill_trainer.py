"""FillTrainer: teaches a net to better a first fill."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from filmrestore_core.inpaint.planes import FIRST, MATTE
from filmrestore_core.learning.nets.filling import blurred
from filmrestore_core.learning.samples.holes import TRUTH
from filmrestore_core.learning.training.fill_batches import draw_fill_batch, held_holes
from filmrestore_core.learning.training.losses import filling_loss
from filmrestore_core.learning.training.scoring import Net
from filmrestore_core.learning.training.trainer import Trainer

# What is seen without grain.
_SIGMA = 2.0


class FillTrainer(Trainer):
    """Trains one filling net in one folder; the stores hold holes."""

    quality = "low_psnr"

    def _prepare(self) -> None:
        self._holes = held_holes(self._train, self._config.scenes.train)

    def _draw(self, step: int) -> tuple[NDArray[Any], ...]:
        config = self._config
        return draw_fill_batch(self._holes, batch=config.batch, seed=config.seed, step=step)

    def _loss(self, drawn: tuple[Tensor, ...]) -> Tensor:
        planes, truth = drawn
        with self._precision():
            fill = self._net(planes)
        coverage = planes[:, MATTE : MATTE + 1]
        return filling_loss(fill.float(), truth, coverage, fine=self._config.fine)

    def _score(self, run: Net) -> dict[str, Any]:
        """PSNR in holes of the fill, of the first fill, and of both without grain, dB.

        Errors of all holes are added up, so that large ones and bad ones count most; "better" is
        the share of crops whose low-passed error became smaller.
        """
        sums = np.zeros(4)
        pixels, better, crops = 0.0, 0, 0
        for index in range(self._config.scenes.validation):
            for crop in self._validation.planes(index):
                planes = np.asarray(crop, np.float32)
                coverage = planes[MATTE]
                if coverage.max() <= 0:
                    continue
                truth, first = planes[TRUTH], planes[FIRST]
                fill = run(np.ascontiguousarray(planes[: TRUTH.start]))
                found = [
                    _error(fill - truth, coverage, low=False),
                    _error(first - truth, coverage, low=False),
                    _error(fill - truth, coverage, low=True),
                    _error(first - truth, coverage, low=True),
                ]
                sums += found
                pixels += 3.0 * float((coverage > 0).sum())
                better += found[2] < found[3]
                crops += 1
        names = ("psnr", "first_psnr", "low_psnr", "first_low_psnr")
        return {
            **{
                name: round(float(-10 * np.log10(max(total, 1e-12) / max(pixels, 1.0))), 3)
                for name, total in zip(names, sums, strict=True)
            },
            "better": round(better / max(crops, 1), 3),
            "crops": crops,
        }


def _error(error: NDArray[np.float32], coverage: NDArray[np.float32], *, low: bool) -> float:
    """Summed square of a composited error over the hole."""
    composited = torch.from_numpy(np.ascontiguousarray(error * coverage))[None]
    seen = blurred(composited, _SIGMA) if low else composited
    inside = torch.from_numpy(coverage > 0)
    return float((seen[0][:, inside] ** 2).sum())
