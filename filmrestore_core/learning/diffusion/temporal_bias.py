"""The pull towards what neighbours show, put into the pipeline's own sampler."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from filmrestore_core.errors import Stopped

Pack = Callable[[Tensor], Tensor]


def share(fidelity: float, progress: float) -> float:
    """How much of the clean latents is the first fill's: falls evenly from f to f squared.

    Args:
        fidelity: 0..1; 1 holds to the end, 0 never pulls.
        progress: 0 at the first step, 1 at the last.
    """
    return fidelity * (1.0 - progress * (1.0 - fidelity))


class TemporalBias:
    """Blends, at each step, the clean latents that the model predicts with the first fill's.

    The sampler's `step` gets the model's prediction, so that is changed before it: the clean
    latents x0 that it stands for are moved to (1 - w) x0 + w z, z being those of the first fill,
    and the prediction that stands for the moved ones goes on. The sampler is not otherwise
    touched, so any of them will do. How much of a noised sample is picture (a) and how much noise
    (s) is asked of the sampler's own `add_noise` or `scale_noise`, which are linear.

    One is made for each crop, and serves one call of the pipeline.
    """

    def __init__(
        self,
        scheduler: Any,
        *,
        known: Tensor,
        shown: Tensor,
        fidelity: float,
        steps: int,
        pack: Callable[[Tensor], Tensor] | None,
        should_stop: Callable[[], bool],
    ) -> None:
        """Put the pull into a sampler.

        Args:
            scheduler: of the pipeline, for this call only; its methods are replaced.
            known: (1, 1, h, w) float 0 or 1 at latent resolution: 1 where nothing is to be filled.
            shown: (1, 1, h, w) float 0..1: how far the neighbours show what is to be filled.
            fidelity: 0..1.
            steps: how many there will be.
            pack: (1, C, h, w) latents to the shape that the model takes, where it is another.
            should_stop: asked before each step.
        """
        self.clean: Tensor | None = None
        self._known, self._shown = known, shown
        self._fidelity, self._steps, self._pack = fidelity, steps, pack
        self._should_stop = should_stop
        self._done = 0
        self._kind = _prediction(scheduler)
        self._noised = _noising(scheduler)
        name = "scale_noise" if self._kind == "flow" else "add_noise"
        setattr(scheduler, name, self._watched(getattr(scheduler, name)))
        scheduler.step = self._stepping(scheduler.step)

    def _watched(self, noising: Callable[..., Tensor]) -> Callable[..., Tensor]:
        @functools.wraps(noising)
        def watch(sample: Tensor, *others: Any, **named: Any) -> Tensor:
            if self.clean is None and sample.ndim == 4:
                self.clean = sample.detach().clone()
            return noising(sample, *others, **named)

        return watch

    def _stepping(self, step: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(step)
        def biased(
            output: Tensor, timestep: Any, sample: Tensor, *others: Any, **named: Any
        ) -> Any:
            if self._should_stop():
                raise Stopped("The diffusion was asked to stop.")
            if self.clean is not None:
                output = self._biased(output, timestep, sample)
            self._done += 1
            return step(output, timestep, sample, *others, **named)

        return biased

    def _biased(self, output: Tensor, timestep: Any, sample: Tensor) -> Tensor:
        picture, noise = self._noised(timestep, sample)
        progress = min(self._done / max(self._steps - 1, 1), 1.0)
        weight = torch.maximum(self._known, self._shown * share(self._fidelity, progress))
        clean = self.clean
        assert clean is not None
        weight = weight.to(clean).expand_as(clean)
        if clean.shape != sample.shape and self._pack is not None:
            clean, weight = self._pack(clean), self._pack(weight)
        x, out = sample.float(), output.float()
        found = self._clean_of(x, out, picture, noise)
        moved = found + weight.float() * (clean.float() - found)
        changed: Tensor = self._output_of(x, out, moved, found, picture, noise).to(output.dtype)
        return changed

    def _clean_of(self, x: Tensor, out: Tensor, a: float, s: float) -> Tensor:
        if self._kind == "sample":
            return out
        if self._kind == "flow":
            return x - out * s
        if self._kind == "epsilon":
            return (x - out * s) / a
        scale = math.hypot(a, s)  # of samplers that let the noise grow the sample
        return x * (a / (scale * scale)) - out * (s / scale)

    def _output_of(
        self, x: Tensor, out: Tensor, moved: Tensor, found: Tensor, a: float, s: float
    ) -> Tensor:
        """The prediction that stands for `moved` clean latents."""
        change = moved - found
        if self._kind == "sample":
            return moved
        if self._kind == "flow":
            return out - change / s
        if self._kind == "epsilon":
            return out - change * (a / s)
        return out - change * (math.hypot(a, s) / s)


def _prediction(scheduler: Any) -> str:
    """What the model predicts: epsilon, v_prediction, sample or flow."""
    if hasattr(scheduler, "scale_noise") and not hasattr(scheduler, "add_noise"):
        return "flow"
    kind = getattr(scheduler.config, "prediction_type", "epsilon")
    return "flow" if kind == "flow_prediction" else str(kind)


def _noising(scheduler: Any) -> Callable[[Any, Tensor], tuple[float, float]]:
    """Asks a sampler how much picture and how much noise a sample holds at a time step."""
    noised = getattr(scheduler, "add_noise", None)

    def ask(timestep: Any, sample: Tensor) -> tuple[float, float]:
        one = torch.ones(1, 1, 1, 1, dtype=torch.float32)
        nothing = torch.zeros_like(one)
        times = torch.as_tensor(timestep).reshape(1).to(sample.device)
        one, nothing = one.to(sample.device), nothing.to(sample.device)
        if noised is not None:
            return float(noised(one, nothing, times)), float(noised(nothing, one, times))
        scale = scheduler.__class__.scale_noise
        return (
            float(scale(scheduler, one, times, nothing)),
            float(scale(scheduler, nothing, times, one)),
        )

    return ask
