"""A DiffIR-style net: a few numbers say what belongs in the hole, a diffusion model guesses them.

Xia et al., "DiffIR: Efficient Diffusion Model for Image Restoration", 2023.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from filmrestore_core.inpaint.planes import FIRST, MATTE
from filmrestore_core.learning.nets.filling import FillingNet, begin_evenly
from filmrestore_core.learning.nets.fold import folded
from filmrestore_core.learning.nets.restormer import RestormerBody
from filmrestore_core.noise import generator

STEPS = 4
_COLORS = 3
_FOLD = 4
_SLOPE = 0.1


class DiffIRNet(nn.Module):
    """Planes of inpaint.planes in, the fill out, by way of a code that steers a transformer.

    In the first stage of a training the code is what a teacher sees in planes *and truth*, and the
    transformer learns to use it. In the second the teacher rests; a small diffusion model learns to
    guess the code from the planes alone, in STEPS steps from noise, and the transformer learns on
    with guessed codes. `forward` is the second stage, with the same first noise for every crop, so
    that its result depends on nothing but the planes. Code and attention look at the whole crop:
    see RestormerBody for what that means.
    """

    start: Tensor

    def __init__(
        self,
        planes: int,
        widths: Sequence[int] = (24, 48, 72),
        blocks: Sequence[int] = (1, 1, 2),
        heads: Sequence[int] = (1, 2, 3),
        expand: float = 1.5,
        code: int = 64,
        seeing: int = 32,
    ) -> None:
        """Build the net.

        Args:
            planes: of the input.
            widths: see RestormerBody.
            blocks: see RestormerBody.
            heads: see RestormerBody.
            expand: see RestormerBody.
            code: how many numbers.
            seeing: channels of the nets that look at planes to find a code.
        """
        super().__init__()
        body = RestormerBody(widths, blocks, heads, expand, code)
        self.fill = FillingNet(body, planes, int(widths[0]))
        self.multiple_of = max(self.fill.multiple_of, 2 * _FOLD)
        self.teacher = _Seeing(planes + _COLORS, seeing, code)
        self.student = _Seeing(planes, seeing, code)
        begin_evenly(self.teacher)
        begin_evenly(self.student)
        self.guesser = _Guesser(code)
        noise = generator(0, "diffir start").standard_normal((1, code)).astype(np.float32)
        self.register_buffer("start", torch.from_numpy(noise), persistent=False)

    def forward(self, planes: Tensor) -> Tensor:
        """(N, 3, H, W) plate units.

        Args:
            planes: (N, P, H, W) float32; H and W multiples of `multiple_of`.
        """
        return self.with_code(planes, self.guess(planes, self.start.expand(planes.shape[0], -1)))

    def with_code(self, planes: Tensor, code: Tensor) -> Tensor:
        """(N, 3, H, W), the fill that a code (N, code) leads to."""
        features = self.fill.body(self.fill.entered(planes), code)
        return self.fill.filled(planes, features)

    def taught(self, planes: Tensor, truth: Tensor) -> Tensor:
        """(N, code) of who knows the truth (N, 3, H, W)."""
        hidden = (truth - planes[:, FIRST]) * planes[:, MATTE : MATTE + 1]
        return _even(self.teacher(torch.cat([planes, hidden], dim=1)))

    def guess(self, planes: Tensor, noise: Tensor) -> Tensor:
        """(N, code) without the truth.

        Flow matching (Lipman et al., 2023): on the straight way from noise to code the net tells
        where it ends, and each step goes a part of what is left.

        Args:
            planes: (N, P, H, W).
            noise: (N, code), standard normal.
        """
        seen = self.student(planes)
        at = noise
        for step in range(STEPS):
            now, then = 1.0 - step / STEPS, 1.0 - (step + 1) / STEPS
            end = _even(self.guesser(at, seen, now))
            at = end + (at - end) * (then / now)
        return at


class _Seeing(nn.Module):
    """From planes to a code: convolutions at a quarter and less of the size, then their mean."""

    def __init__(self, planes: int, width: int, code: int) -> None:
        super().__init__()
        self.enter = nn.Conv2d(planes * _FOLD * _FOLD, width, 1)
        self.layers = nn.Sequential(
            *(nn.Conv2d(width, width, 3, padding=1), nn.LeakyReLU(_SLOPE)),
            *(nn.Conv2d(width, 2 * width, 2, stride=2), nn.LeakyReLU(_SLOPE)),
            *(nn.Conv2d(2 * width, 2 * width, 3, padding=1), nn.LeakyReLU(_SLOPE)),
        )
        self.leave = nn.Sequential(
            nn.Linear(2 * width, code), nn.LeakyReLU(_SLOPE), nn.Linear(code, code)
        )

    def forward(self, planes: Tensor) -> Tensor:
        seen = self.layers(F.leaky_relu(folded(planes, self.enter, _FOLD), _SLOPE))
        code: Tensor = self.leave(seen.mean(dim=(2, 3)))
        return code


class _Guesser(nn.Module):
    """From a noisy code, what the planes show and how noisy it is to the code without noise."""

    def __init__(self, code: int, layers: int = 3) -> None:
        super().__init__()
        self.enter = nn.Linear(2 * code + 1, code)
        self.layers = nn.ModuleList(nn.Linear(code, code) for _ in range(layers))
        self.leave = nn.Linear(code, code)

    def forward(self, at: Tensor, seen: Tensor, noise: float) -> Tensor:
        level = torch.full_like(at[:, :1], noise)
        features = self.enter(torch.cat([at, seen, level], dim=1))
        for layer in self.layers:
            features = features + F.leaky_relu(layer(features), _SLOPE)
        found: Tensor = self.leave(features)
        return found


def _even(code: Tensor) -> Tensor:
    """Of mean 0 and spread 1 over its numbers, as the noise is that it is guessed from."""
    return F.layer_norm(code, code.shape[1:])
