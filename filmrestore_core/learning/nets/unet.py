"""U-Net without normalisation layers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class UNetBody(nn.Module):
    """Ronneberger et al., "U-Net", 2015: down and up with skips.

    Each level halves the size; strided convolutions go down, nearest neighbours and a 1x1
    convolution go up, so that every operation runs everywhere and tiles agree.
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
        self.up = nn.ModuleList()
        for level, width in enumerate(widths):
            if level:
                self.shrink.append(nn.Conv2d(widths[level - 1], width, 2, stride=2))
            self.down.append(convolutions(width, width, blocks))
        for level in range(len(widths) - 2, -1, -1):
            self.grow.append(nn.Conv2d(widths[level + 1], widths[level], 1))
            self.up.append(convolutions(2 * widths[level], widths[level], max(1, blocks - 1)))

    def forward(self, features: Tensor) -> Tensor:
        """(N, widths[0], h, w) -> the same; h and w multiples of `multiple_of`."""
        kept = []
        for level, down in enumerate(self.down):
            if level:
                features = F.relu(self.shrink[level - 1](features))
            features = down(features)
            kept.append(features)
        for index, (grow, up) in enumerate(zip(self.grow, self.up, strict=True)):
            skip = kept[len(kept) - 2 - index]
            raised = F.interpolate(grow(features), scale_factor=2.0, mode="nearest")
            features = up(torch.cat([skip, raised], dim=1))
        return features


def convolutions(inner: int, outer: int, count: int) -> nn.Sequential:
    """3x3 convolutions with ReLU.

    Args:
        inner: channels that come in.
        outer: channels that go out.
        count: how many.
    """
    layers: list[nn.Module] = []
    for index in range(count):
        layers += [nn.Conv2d(inner if index == 0 else outer, outer, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers)
