"""R2U-Net: recurrent residual convolutions in a U-Net."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class R2UNetBody(nn.Module):
    """Alom et al., "Recurrent Residual Convolutional Neural Network based on U-Net", 2018.

    Each level has a residual unit of recurrent convolutions; these are applied again and again
    with the same weights, so that a level costs more and holds less than that of `UNetBody` of
    the same widths. Without normalisation layers.
    """

    def __init__(
        self, widths: Sequence[int] = (24, 48, 72), layers: int = 2, again: int = 2
    ) -> None:
        """Build the body.

        Args:
            widths: channels of each level, the finest first.
            layers: recurrent convolutions of each level on the way down; on the way up it is one
                less, but at least one.
            again: how often each is applied after the first time.
        """
        super().__init__()
        self.multiple_of = 2 ** (len(widths) - 1)
        self.down = nn.ModuleList()
        self.shrink = nn.ModuleList()
        self.grow = nn.ModuleList()
        self.join = nn.ModuleList()
        self.up = nn.ModuleList()
        for level, width in enumerate(widths):
            if level:
                self.shrink.append(nn.Conv2d(widths[level - 1], width, 2, stride=2))
            self.down.append(RecurrentResidual(width, layers, again))
        for level in range(len(widths) - 2, -1, -1):
            width = widths[level]
            self.grow.append(nn.Conv2d(widths[level + 1], width, 1))
            self.join.append(nn.Conv2d(2 * width, width, 1))
            self.up.append(RecurrentResidual(width, max(1, layers - 1), again))

    def forward(self, features: Tensor) -> Tensor:
        """(N, widths[0], h, w) -> the same; h and w multiples of `multiple_of`."""
        kept = []
        for level, down in enumerate(self.down):
            if level:
                features = F.relu(self.shrink[level - 1](features))
            features = down(features)
            kept.append(features)
        for index, (grow, join, up) in enumerate(zip(self.grow, self.join, self.up, strict=True)):
            skip = self.skip(index, kept[len(kept) - 2 - index], features)
            raised = F.interpolate(grow(features), scale_factor=2.0, mode="nearest")
            features = up(join(torch.cat([skip, raised], dim=1)))
        return features

    def skip(self, index: int, skip: Tensor, coarser: Tensor) -> Tensor:
        """What a skip hands on; here all of it.

        Args:
            index: which, the coarsest first.
            skip: features of the level.
            coarser: features of the next coarser level.
        """
        return skip


class RecurrentResidual(nn.Module):
    """x + recurrent convolutions of x."""

    def __init__(self, width: int, layers: int, again: int) -> None:
        """Build the unit; see `R2UNetBody`."""
        super().__init__()
        self.again = again
        made = [nn.Conv2d(width, width, 3, padding=1) for _ in range(layers)]
        # Without normalisation the sums would grow from level to level: begin small.
        with torch.no_grad():
            for layer in made:
                layer.weight.mul_(0.5)
        self.layers = nn.ModuleList(made)

    def forward(self, features: Tensor) -> Tensor:
        """(N, width, h, w) -> the same."""
        inner = features
        for layer in self.layers:
            state = F.relu(layer(inner))
            for _ in range(self.again):
                state = F.relu(layer(inner + state))
            inner = state
        return features + inner
