"""Attention U-Net: what the skips carry is weighed by what the coarser level has seen."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from filmrestore_core.learning.nets.unet import convolutions


class AttentionUNetBody(nn.Module):
    """Oktay et al., "Attention U-Net", 2018, without normalisation layers.

    The gate is additive: skip and coarser features are brought to half the channels, added, and
    a 1x1 convolution makes of them one weight per place. Down and up go as in `UNetBody`.
    """

    def __init__(self, widths: Sequence[int] = (24, 48, 72), blocks: int = 2) -> None:
        """Build the body.

        Args:
            widths: channels of each level, the finest first.
            blocks: 3x3 convolutions of each level on the way down; on the way up it is one less,
                but at least one.
        """
        super().__init__()
        self.multiple_of = 2 ** (len(widths) - 1)
        self.down = nn.ModuleList()
        self.shrink = nn.ModuleList()
        self.grow = nn.ModuleList()
        self.gate = nn.ModuleList()
        self.up = nn.ModuleList()
        for level, width in enumerate(widths):
            if level:
                self.shrink.append(nn.Conv2d(widths[level - 1], width, 2, stride=2))
            self.down.append(convolutions(width, width, blocks))
        for level in range(len(widths) - 2, -1, -1):
            width, coarser = widths[level], widths[level + 1]
            self.grow.append(nn.Conv2d(coarser, width, 1))
            self.gate.append(AttentionGate(width, coarser))
            self.up.append(convolutions(2 * width, width, max(1, blocks - 1)))

    def forward(self, features: Tensor) -> Tensor:
        """(N, widths[0], h, w) -> the same; h and w multiples of `multiple_of`."""
        kept = []
        for level, down in enumerate(self.down):
            if level:
                features = F.relu(self.shrink[level - 1](features))
            features = down(features)
            kept.append(features)
        for index, (grow, gate, up) in enumerate(zip(self.grow, self.gate, self.up, strict=True)):
            skip = gate(kept[len(kept) - 2 - index], features)
            raised = F.interpolate(grow(features), scale_factor=2.0, mode="nearest")
            features = up(torch.cat([skip, raised], dim=1))
        return features


class AttentionGate(nn.Module):
    """Weighs the places of a skip by the features of the next coarser level."""

    def __init__(self, width: int, coarser: int) -> None:
        """Build the gate.

        Args:
            width: channels of the skip.
            coarser: channels of the coarser level.
        """
        super().__init__()
        inner = max(1, width // 2)
        self.of_skip = nn.Conv2d(width, inner, 1)
        self.of_coarser = nn.Conv2d(coarser, inner, 1, bias=False)
        self.weigh = nn.Conv2d(inner, 1, 1)
        # Gates begin nearly open: sigmoid(2) is 0.88.
        nn.init.constant_(self.weigh.bias, 2.0)  # type: ignore[arg-type]

    def forward(self, skip: Tensor, coarser: Tensor) -> Tensor:
        """(N, width, 2h, 2w) and (N, coarser, h, w) -> (N, width, 2h, 2w)."""
        asked = F.interpolate(self.of_coarser(coarser), scale_factor=2.0, mode="nearest")
        weights: Tensor = torch.sigmoid(self.weigh(F.relu(self.of_skip(skip) + asked)))
        return skip * weights
