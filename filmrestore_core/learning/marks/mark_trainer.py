"""MarkTrainer: teaches a net to tell damage from picture by crops of marks."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from filmrestore_core.learning.judge.candidates import DAMAGE, NEITHER, PICTURE, Candidates
from filmrestore_core.learning.judge.trees import grown_area
from filmrestore_core.learning.marks.crop_shelf import CropShelf
from filmrestore_core.learning.nets.mark_net import MarkNet
from filmrestore_core.learning.samples.store import SceneStore
from filmrestore_core.learning.training.config import TrainingConfig
from filmrestore_core.learning.training.scoring import Net
from filmrestore_core.learning.training.trainer import Running, Trainer
from filmrestore_core.noise import generator
from filmrestore_core.segment.mark_crops import CROP_PLANES, PICTURES

# A mark of picture weighs as the pixels it would cost, between these; damage weighs the same
# each: what is found is counted by marks.
_LEAST, _MOST, _DAMAGE_WEIGHT = 1.0, 6.0, 2.0
_AT_ONCE = 256
# With time reversed, by the names of CROP_PLANES.
_BACKWARDS = {"t-2": "t+2", "t-1": "t+1", "raw t-1": "raw t+1", "validity t-1": "validity t+1"}


class MarkTrainer(Trainer):
    """Trains a MarkNet in one folder."""

    quality = "likelihood"

    def __init__(
        self,
        config: TrainingConfig,
        marks: Candidates,
        crops: CropShelf,
        taught: NDArray[np.int64],
        unseen: NDArray[np.int64],
        out: Path,
        **how: Unpack[Running],
    ) -> None:
        """Build the net, or take up the training that lies in the folder.

        Args:
            config: what to train and how.
            marks: of all windows.
            crops: of some of them.
            taught: which crops are learned from.
            unseen: which are measured with.
            out: see Trainer.
            **how: see Running.

        Raises:
            SettingsError: the folder holds a training with another configuration.
            ModelContractError: a checkpoint cannot be read, or is of another net.
        """
        nowhere = SceneStore(out)  # crops take the place of scenes
        super().__init__(config, nowhere, nowhere, out, **how)
        self._marks, self._crops = marks, crops
        label = marks.label[crops.mark]
        self._groups = [
            _by_window(crops, taught[label[taught] == kind]) for kind in (PICTURE, DAMAGE)
        ]
        self._held = unseen[label[unseen] != NEITHER]

    def logits(self, at: NDArray[np.int64]) -> NDArray[np.float64]:
        """(n,) what the averaged net says of some crops."""
        net = self._averaged_net()
        assert isinstance(net, MarkNet)
        found = [np.zeros(0)]
        for first in range(0, len(at), _AT_ONCE):
            crops = torch.from_numpy(self._crops.take(at[first : first + _AT_ONCE]))
            with torch.inference_mode():
                found.append(net.logits(crops.to(self._device)).float().cpu().numpy())
        return np.concatenate(found).astype(np.float64)

    def _prepare(self) -> None:
        """Crops are read as they are asked for."""

    def _draw(self, step: int) -> tuple[NDArray[Any], ...]:
        """As much damage as picture, each window alike."""
        rng = generator(self._config.seed, "marks", step)
        at = np.zeros(self._config.batch, np.int64)
        for i in range(len(at)):
            group = self._groups[i % 2]
            window = group[int(rng.integers(len(group)))]
            at[i] = window[int(rng.integers(len(window)))]
        crops = self._crops.take(at)
        crops += (rng.random(crops.shape, np.float32) - np.float32(0.5)) / np.float32(127)
        for i, crop in enumerate(crops):
            crops[i] = _varied(crop, rng)
        mark = self._crops.mark[at]
        return crops, self._marks.label[mark].astype(np.float32), self._weights(mark)

    def _loss(self, drawn: tuple[Tensor, ...]) -> Tensor:
        crops, label, weight = drawn
        with self._precision():
            logits = self._net.logits(crops)  # type: ignore[operator]
        each = F.binary_cross_entropy_with_logits(logits.float(), label, reduction="none")
        return (each * weight).mean()

    def _score(self, run: Net) -> dict[str, Any]:
        """Mean log-likelihood of both labels, and how many marks are taken rightly, on unseen."""
        mark = self._crops.mark[self._held]
        label = self._marks.label[mark]
        logit = self.logits(self._held)
        sign = np.where(label == DAMAGE, 1.0, -1.0)
        likelihood = -np.logaddexp(0.0, -sign * logit)
        kinds = [label == DAMAGE, label == PICTURE]
        if not all(k.any() for k in kinds):
            return {self.quality: 0.0}
        return {
            self.quality: round(float(np.mean([likelihood[k].mean() for k in kinds])), 5),
            "right": round(float(np.mean([(sign * logit > 0)[k].mean() for k in kinds])), 4),
            "damage": int(kinds[0].sum()),
            "picture": int(kinds[1].sum()),
        }

    def _weights(self, mark: NDArray[np.int64]) -> NDArray[np.float32]:
        costs = np.clip(grown_area(self._marks.area[mark]) / 50.0, _LEAST, _MOST)
        damage = self._marks.label[mark] == DAMAGE
        return np.where(damage, _DAMAGE_WEIGHT, costs).astype(np.float32)


def _by_window(crops: CropShelf, at: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The crops of each window that has any."""
    order = at[np.argsort(crops.file[at], kind="stable")]
    first = np.unique(crops.file[order], return_index=True)[1]
    return np.split(order, first[1:]) if len(order) else []


def _varied(crop: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Mirrored, turned, backwards in time, with another contrast, or as a negative."""
    if rng.random() < 0.5:
        crop = crop[_REVERSED]
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    if rng.random() < 0.5:
        crop = crop[:, :, ::-1]
    if rng.random() < 0.3:
        crop = crop.transpose(0, 2, 1)
    gain = np.float32(np.exp(rng.uniform(-0.7, 0.3)) * (-1 if rng.random() < 0.3 else 1))
    crop = crop.copy()
    crop[_BRIGHTNESS] *= gain
    return crop


def _reversed() -> list[int]:
    other = {**_BACKWARDS, **{v: k for k, v in _BACKWARDS.items()}}
    order = [CROP_PLANES.index(other.get(name, name)) for name in CROP_PLANES]
    return [*order, *(len(CROP_PLANES) + i for i in order)]


_REVERSED = _reversed()
_BRIGHTNESS = [*range(PICTURES), *range(len(CROP_PLANES), len(CROP_PLANES) + PICTURES)]
