"""DiffLoss: a frozen diffusion model compares a fill with the truth."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from filmrestore_core.noise import generator

# Noise of at least this share hides what a crop's edge does to the model; with more than the
# largest share only its mean color would be left to compare.
LEAST_TIME, LARGEST_TIME = 0.1, 0.7
# Places for the crop are tried this far apart, px.
_STRIDE = 8


class NoiseModel(Protocol):
    """What is asked of the frozen model; `prior.film_prior.FilmPrior` gives it."""

    def predict_noise(self, noised: Tensor, t: Tensor) -> Tensor:
        """(N, 3, H, W): the noise in x_t = (1 - t) x + t eps; x in -1..1, t (N,)."""
        ...

    def features(self, noised: Tensor, t: Tensor) -> Tensor:
        """(N, C, h, w): its bottleneck."""
        ...

    def noise_and_features(self, noised: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """Both in one go."""
        ...


@dataclass(frozen=True, slots=True)
class DiffLoss:
    """Of Tan et al., "DiffLoss", arXiv 2406.19030: naturalness and semantics.

    Fill and truth are noised alike and shown to a model of undamaged film. "natural" counts how
    much the noise differs that it sees in either, "semantic" how much its bottleneck differs. It
    knows grainy film only, and grain comes on the fill after the net; so the fill is shown with
    the very grain that lies on the truth, and grain itself makes no difference. Around the hole
    lies the truth; the crop is put where it holds most of the hole.

    Attributes:
        model: frozen.
        natural: weight of the noise that is seen.
        semantic: weight of the bottleneck.
        crop: side of what the model is shown, px.
        seed: of times and noise.
    """

    model: NoiseModel
    natural: float
    semantic: float
    crop: int
    seed: int

    def __call__(
        self, fill: Tensor, bare: Tensor, truth: Tensor, coverage: Tensor, *, step: int
    ) -> Tensor:
        """The weighted loss of a batch.

        Args:
            fill: (N, 3, H, W) plate units.
            bare: (N, 3, H, W), the truth without grain.
            truth: (N, 3, H, W), with grain.
            coverage: (N, 1, H, W) 0..1, where the fill replaces the picture.
            step: of the training; times and noise depend on it.
        """
        error = (fill - bare) * coverage
        places = best_places(coverage, self.crop)
        shown, wrong, hole = (cut(whole, places, self.crop) for whole in (truth, error, coverage))
        noise, t = self._chance(len(shown), step, fill.device)
        beside = t.view(-1, 1, 1, 1)
        # The model knows pictures in -1..1.
        right = (1 - beside) * (2 * shown - 1) + beside * noise
        given = right + (1 - beside) * 2 * wrong
        with torch.no_grad():
            noise_right, features_right = self._see(right, t)
        noise_given, features_given = self._see(given, t)
        loss = fill.new_zeros(())
        if noise_right is not None and noise_given is not None:
            off = (noise_given - noise_right).abs()
            loss = loss + self.natural * _per_crop(off, hole)
        if features_right is not None and features_given is not None:
            off = (features_given - features_right).abs() / features_right.std()
            cells = F.adaptive_avg_pool2d(hole, (off.shape[-2], off.shape[-1]))
            loss = loss + self.semantic * _per_crop(off, cells)
        return loss

    def _see(self, noised: Tensor, t: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """What has a weight; the bottleneck alone costs half of the model."""
        if self.natural and self.semantic:
            return self.model.noise_and_features(noised, t)
        if self.natural:
            return self.model.predict_noise(noised, t), None
        return None, self.model.features(noised, t) if self.semantic else None

    def _chance(self, count: int, step: int, device: torch.device) -> tuple[Tensor, Tensor]:
        rng = generator(self.seed, "diffloss", step)
        noise = rng.standard_normal((count, 3, self.crop, self.crop), np.float32)
        times = rng.uniform(LEAST_TIME, LARGEST_TIME, count).astype(np.float32)
        return torch.from_numpy(noise).to(device), torch.from_numpy(times).to(device)


def _per_crop(off: Tensor, hole: Tensor) -> Tensor:
    """The sum over each crop for each place of its hole; each crop counts alike."""
    places = hole.sum(dim=(1, 2, 3)) * off.shape[1] + 1
    return (off.sum(dim=(1, 2, 3)) / places).mean()


def best_places(coverage: Tensor, side: int) -> list[tuple[int, int]]:
    """(y, x) of the square of each sample that holds most of its hole.

    Args:
        coverage: (N, 1, H, W); H and W at least side.
        side: of the square, px.
    """
    held = F.avg_pool2d(coverage, side, stride=_STRIDE)
    across = held.shape[-1]
    best = held.flatten(1).argmax(dim=1).tolist()
    return [(int(at) // across * _STRIDE, int(at) % across * _STRIDE) for at in best]


def cut(whole: Tensor, places: list[tuple[int, int]], side: int) -> Tensor:
    """(N, C, side, side), of each sample from its (y, x) on."""
    pairs = zip(whole, places, strict=True)
    return torch.stack([part[:, y : y + side, x : x + side] for part, (y, x) in pairs])


def fingerprint(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        digest = sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
