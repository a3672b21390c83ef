"""TwoStageTrainer: teaches a net whose fill is steered by a code that has to be guessed."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from filmrestore_core.errors import SettingsError
from filmrestore_core.inpaint.planes import MATTE
from filmrestore_core.learning.nets.diffir import DiffIRNet
from filmrestore_core.learning.training.fill_trainer import FillTrainer
from filmrestore_core.learning.training.log import append_row
from filmrestore_core.learning.training.losses import filling_loss
from filmrestore_core.learning.training.schedule import rate_at
from filmrestore_core.noise import generator


class TwoStageTrainer(FillTrainer):
    """Trains one DiffIRNet in one folder, both stages in one run.

    Until step `two_stage.first` a teacher that knows the truth gives the code, and learns together
    with what uses it. From then on the teacher rests: the code is guessed, in as many steps as it
    will be, and whoever guesses is told both how far the guess is from the teacher's code and how
    far the fill is from the truth. Each stage has a warm-up and a falling rate of its own. Nothing
    is measured in the first stage, because a net that is told the truth can not be compared.
    """

    def _prepare(self) -> None:
        stages = self._config.two_stage
        if stages is None or stages.first >= self._config.steps:
            raise SettingsError("A net of two stages needs two_stage.first, less than steps.")
        if self._config.diffloss is not None:
            raise SettingsError("A net of two stages is not judged by a film prior ('diffloss').")
        if not isinstance(self._net, DiffIRNet):
            raise SettingsError(f"The net '{self._config.net.get('net')}' has no two stages.")
        super()._prepare()

    def _draw(self, step: int) -> tuple[NDArray[Any], ...]:
        planes, truth, bare = super()._draw(step)
        size = (len(planes), int(self._two_stage_net.start.shape[1]))
        noise = generator(self._config.seed, "code noise", step).standard_normal(size, np.float32)
        return planes, truth, bare, noise

    def _loss(self, drawn: tuple[Tensor, ...]) -> Tensor:
        planes, _, bare, noise = drawn
        net, stages = self._two_stage_net, self._config.two_stage
        assert stages is not None
        seen, coverage = planes[:, : self._seen], planes[:, MATTE : MATTE + 1]
        with self._precision():
            if self.step < stages.first:
                fill = net.with_code(seen, net.taught(seen, bare))
                return filling_loss(fill.float(), bare, coverage, fine=self._config.fine)
            with torch.no_grad():
                code = net.taught(seen, bare)
            guess = net.guess(seen, noise)
            fill = net.with_code(seen, guess)
        apart = (guess.float() - code.float()).abs().mean()
        loss = filling_loss(fill.float(), bare, coverage, fine=self._config.fine)
        return loss + stages.likeness * apart

    def _rate(self) -> float:
        config, stages = self._config, self._config.two_stage
        assert stages is not None
        later = self.step >= stages.first
        begin, end = (stages.first, config.steps) if later else (0, stages.first)
        warm_up = min(config.warm_up, (end - begin) // 4)
        return rate_at(self.step - begin, rate=config.rate, warm_up=warm_up, steps=end - begin)

    def _validate(self) -> None:
        stages = self._config.two_stage
        assert stages is not None
        if self.step <= stages.first:
            append_row(self._out, {"step": self.step, "stage": 1})
            return
        super()._validate()

    @property
    def _two_stage_net(self) -> DiffIRNet:
        assert isinstance(self._net, DiffIRNet)
        return self._net
