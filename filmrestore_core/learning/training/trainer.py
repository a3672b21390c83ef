"""Training a segmenting net: steps, averages, validations, checkpoints that resume exactly."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from filmrestore_core.errors import SettingsError
from filmrestore_core.learning.nets.build import build_net
from filmrestore_core.learning.samples.store import SceneStore
from filmrestore_core.learning.training.batches import SEEN, draw_batch
from filmrestore_core.learning.training.checkpoint import (
    NET_KEY,
    STATE_KEY,
    load_tensors,
    save_tensors,
)
from filmrestore_core.learning.training.config import TrainingConfig
from filmrestore_core.learning.training.hard import hard_places, kept_places
from filmrestore_core.learning.training.log import append_row
from filmrestore_core.learning.training.losses import segmenting_loss
from filmrestore_core.learning.training.schedule import rate_at
from filmrestore_core.learning.training.scoring import Net, score_net

LAST, BEST = "last.safetensors", "best.safetensors"
HARD = "hard.npy"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training is.

    Attributes:
        step: steps done.
        of: steps in all.
        loss: mean of the last steps.
        seconds_left: at the speed so far.
        figures: of the last validation, once there is one.
        quality: the figure that decides.
    """

    step: int
    of: int
    loss: float
    seconds_left: float
    figures: dict[str, Any] | None
    quality: str


class Running(TypedDict, total=False):
    """Where a training runs and what it begins with; alike for every trainer.

    Attributes:
        device: "cpu", "cuda" or "auto", which it is without it.
        threads: of the CPU; 0, or none said, leaves it to the library.
        start: a checkpoint whose weights a new training begins with.
    """

    device: str
    threads: int
    start: Path | None


class Trainer:
    """Trains one segmenting net in one folder; other tasks change batch, loss and score.

    Attributes:
        quality: the figure that the best checkpoint is chosen by.
        step: steps done.
        figures: of the last validation.
    """

    quality = "best_f1"

    def __init__(
        self,
        config: TrainingConfig,
        train: SceneStore,
        validation: SceneStore,
        out: Path,
        **how: Unpack[Running],
    ) -> None:
        """Build the net, or take up the training that lies in the folder.

        Args:
            config: what to train and how.
            train: scenes to learn from.
            validation: scenes to measure with.
            out: for last.safetensors (everything to go on with), best.safetensors (the averaged
                weights that measured best) and log.jsonl.
            **how: see Running.

        Raises:
            SettingsError: the folder holds a training with another configuration.
            ModelContractError: a checkpoint cannot be read, or is of another net.
        """
        if threads := how.get("threads", 0):
            torch.set_num_threads(threads)
        device, start = how.get("device", "auto"), how.get("start")
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self._config, self._out, self._device = config, out, torch.device(device)
        self._train, self._validation = train, validation
        torch.manual_seed(config.seed)
        self._net = build_net(config.net).to(self._device)
        self._average = {k: v.detach().clone() for k, v in self._net.state_dict().items()}
        self._optimizer = torch.optim.AdamW(
            self._net.parameters(), lr=config.rate, weight_decay=config.decay
        )
        self.step = 0
        self._best = -math.inf
        self._places: NDArray[np.int32] | None = None
        self.figures: dict[str, Any] | None = None
        if (out / LAST).is_file():
            self._resume()
        elif start is not None:
            self._begin_from(start)

    def run(
        self,
        *,
        tell: Callable[[Progress], None] = lambda progress: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> dict[str, Any] | None:
        """Go on until the last step; returns the figures of the best validation.

        Args:
            tell: called after every save_every steps.
            should_stop: asked after every step; what was learned is saved first.
        """
        config = self._config
        self._prepare()
        self._maker = ThreadPoolExecutor(1)
        self._ahead: Future[tuple[NDArray[Any], ...]] | None = None
        began, first, losses = time.monotonic(), self.step, []
        while self.step < config.steps:
            losses.append(self._one_step())
            self.step += 1
            ended = self.step == config.steps
            if self.step % config.every == 0 or ended:
                self._validate()
            if self.step % config.save_every == 0 or ended or should_stop():
                self._save()
                pace = (time.monotonic() - began) / (self.step - first)
                mean = float(np.mean(losses))
                losses = []
                append_row(self._out, {"step": self.step, "loss": round(mean, 5)})
                tell(
                    Progress(
                        self.step,
                        config.steps,
                        mean,
                        pace * (config.steps - self.step),
                        self.figures,
                        self.quality,
                    )
                )
                if should_stop():
                    break
        self._maker.shutdown(cancel_futures=True)
        return self.figures

    def _rate(self) -> float:
        """The learning rate of the next step."""
        config = self._config
        return rate_at(self.step, rate=config.rate, warm_up=config.warm_up, steps=config.steps)

    def _origin(self) -> dict[str, Any]:
        """What decides beside the configuration, for checkpoints; a resumed run has the same."""
        return {}

    def _one_step(self) -> float:
        config = self._config
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate()
        self._optimizer.zero_grad(set_to_none=True)
        drawn = self._ahead.result() if self._ahead is not None else self._draw(self.step)
        # The next batch is made while this one is learned from.
        self._ahead = self._maker.submit(self._draw, self.step + 1)
        loss = self._loss(tuple(torch.from_numpy(a).to(self._device) for a in drawn))
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._net.parameters(), 1.0)
        self._optimizer.step()
        # Early averages must not remember the first weights.
        keep = min(config.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self._net.state_dict().items():
                if value.is_floating_point():
                    self._average[name].lerp_(value, 1 - keep)
                else:
                    self._average[name].copy_(value)
        return float(loss.detach())

    def _prepare(self) -> None:
        """Bring into memory what the steps will ask for."""
        config = self._config
        if config.hard:
            self._places = kept_places(self._out / HARD, self._hard_places)
        self._train.hold(config.scenes.taught, SEEN)

    def _hard_places(self) -> NDArray[np.int32]:
        if self.step:
            raise SettingsError(
                f"'{self._out / HARD}', made before the first step, is gone.",
                hint="begin again in an empty folder",
            )
        config = self._config
        return hard_places(
            self._averaged(), self._train, config.scenes.taught, str(config.net["planes"])
        )

    def _draw(self, step: int) -> tuple[NDArray[Any], ...]:
        """What a step sees; it depends on the step only."""
        config = self._config
        made = draw_batch(
            self._train,
            config.scenes.taught,
            str(config.net["planes"]),
            batch=config.batch,
            crop=config.crop,
            halved=config.halved,
            hard=config.hard,
            places=self._places,
            seed=config.seed,
            step=step,
        )
        return made.planes, made.target, made.weight

    def _loss(self, drawn: tuple[Tensor, ...]) -> Tensor:
        """Loss of the net on what `_draw` gave."""
        config = self._config
        planes, target, weight = drawn
        with self._precision():
            logits = self._net.logits(planes)  # type: ignore[operator]
        return segmenting_loss(
            logits.float(),
            target,
            weight,
            positive=config.positive,
            dice=config.dice,
            kinds=config.kinds,
        )

    def _score(self, run: Net) -> dict[str, Any]:
        """Figures of the averaged net on the validation scenes."""
        return score_net(
            run,
            self._validation,
            range(self._config.scenes.validation),
            str(self._config.net["planes"]),
        )

    def _precision(self) -> torch.autocast:
        mixed = self._config.mixed and self._device.type == "cuda"
        return torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=mixed)

    def _averaged_net(self) -> nn.Module:
        """The net with averaged weights."""
        net = build_net(self._config.net).to(self._device)
        net.load_state_dict(self._average)
        return net.eval()

    def _averaged(self) -> Net:
        """The same as a function of one sample."""
        net = self._averaged_net()

        def run(planes: NDArray[np.float32]) -> NDArray[np.float32]:
            with torch.inference_mode():
                scores: Tensor = net(torch.from_numpy(planes[None]).to(self._device))
            return np.asarray(scores[0].float().cpu().numpy(), np.float32)

        return run

    def _validate(self) -> None:
        found = self._score(self._averaged())
        append_row(self._out, {"step": self.step, **found})
        self.figures = found
        if found[self.quality] > self._best:
            self._best = found[self.quality]
            facts = {
                NET_KEY: self._config.net,
                STATE_KEY: {"step": self.step, "figures": found, **self._origin()},
            }
            save_tensors(self._out / BEST, self._average, facts)

    def _save(self) -> None:
        tensors: dict[str, Tensor] = {}
        for name, value in self._net.state_dict().items():
            tensors[f"net.{name}"] = value
            tensors[f"average.{name}"] = self._average[name]
        named = dict(self._net.named_parameters())
        for name, parameter in named.items():
            for key, value in self._optimizer.state.get(parameter, {}).items():
                tensors[f"optimizer.{name}.{key}"] = torch.as_tensor(value)
        facts = {
            NET_KEY: self._config.net,
            STATE_KEY: {
                "step": self.step,
                "best": self._best if math.isfinite(self._best) else None,
                "figures": self.figures,
                "config": self._config.model_dump(mode="json", exclude_none=True),
                **self._origin(),
            },
        }
        save_tensors(self._out / LAST, tensors, facts)

    def _resume(self) -> None:
        tensors, facts = load_tensors(self._out / LAST)
        state = facts[STATE_KEY]
        if state["config"] != self._config.model_dump(mode="json", exclude_none=True):
            raise SettingsError(
                f"'{self._out}' holds a training with another configuration.",
                hint="use another folder, or the configuration it began with",
            )
        for key, value in self._origin().items():
            if state.get(key) != value:
                raise SettingsError(f"'{self._out}' holds a training with another {key}.")
        self.step = int(state["step"])
        self._best = -math.inf if state["best"] is None else float(state["best"])
        self.figures = state["figures"]
        self._net.load_state_dict(
            {k.removeprefix("net."): v for k, v in tensors.items() if k.startswith("net.")}
        )
        self._average = {
            k.removeprefix("average."): v.to(self._device)
            for k, v in tensors.items()
            if k.startswith("average.")
        }
        for name, parameter in self._net.named_parameters():
            self._optimizer.state[parameter] = {
                key: _place(tensors[f"optimizer.{name}.{key}"], key, self._device)
                for key in ("step", "exp_avg", "exp_avg_sq")
                if f"optimizer.{name}.{key}" in tensors
            }

    def _begin_from(self, start: Path) -> None:
        tensors, facts = load_tensors(start)
        if facts.get(NET_KEY) != self._config.net:
            raise SettingsError(
                f"'{start}' holds the net {facts.get(NET_KEY)}, not {self._config.net}."
            )
        self._net.load_state_dict(tensors)
        self._average = {k: v.detach().clone() for k, v in self._net.state_dict().items()}


def _place(value: Tensor, key: str, device: torch.device) -> Tensor:
    # The step counter of AdamW lives on the CPU.
    return value if key == "step" else value.to(device)
