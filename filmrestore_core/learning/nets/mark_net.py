"""MarkNet: is a mark damage or picture, by how it and its surroundings look."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from filmrestore_core.segment.mark_crops import CROP_PLANES, SIDE

NAME = "mark-net"
_PLANES = len(CROP_PLANES)


class MarkNet(nn.Module):
    """Two stacks of convolutions, one for the near crop and one for the wide one.

    Crops lie side by side in one picture, as `segment.mark_net` lays them, so that the graph has
    the form of any other net here: planes in, a plane out. Normalized by batches while it learns
    (Ioffe and Szegedy, "Batch Normalization", 2015); at use that is part of the convolutions.
    """

    def __init__(self, widths: Sequence[int] = (24, 48, 64), hidden: int = 64) -> None:
        """Build the net.

        Args:
            widths: channels of each level; each halves the size.
            hidden: of the layer between features and answer.
        """
        super().__init__()
        self.multiple_of = SIDE
        self.near = _features(widths)
        self.wide = _features(widths)
        # Mean, largest value and what stands in the middle, of both.
        self.judge = nn.Sequential(nn.Linear(6 * widths[-1], hidden), nn.ReLU())
        self.answer = nn.Linear(hidden, 1)

    def logits(self, crops: Tensor) -> Tensor:
        """(N, 2 * P, SIDE, SIDE), as `segment.mark_crops` makes them -> (N,) logits of damage."""
        near, wide = crops[:, :_PLANES], crops[:, _PLANES:]
        seen = torch.cat([_summed(self.near, near), _summed(self.wide, wide)], dim=1)
        return self.answer(self.judge(seen))[:, 0]  # type: ignore[no-any-return]

    def forward(self, planes: Tensor) -> Tensor:
        """(1, 2 * P, m * SIDE, n * SIDE) crops -> (1, 1, m * SIDE, n * SIDE), logits laid out."""
        _, channels, height, width = planes.shape
        rows, columns = height // SIDE, width // SIDE
        crops = planes.reshape(channels, rows, SIDE, columns, SIDE).permute(1, 3, 0, 2, 4)
        logits = self.logits(crops.reshape(-1, channels, SIDE, SIDE))
        cells = logits.reshape(rows, 1, columns, 1).expand(rows, SIDE, columns, SIDE)
        return cells.reshape(1, 1, height, width)


def _features(widths: Sequence[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    inner = _PLANES
    for width in widths:
        for channels, stride in ((inner, 2), (width, 1)):
            layers += [
                nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
            ]
        inner = width
    return nn.Sequential(*layers)


def _summed(stack: nn.Sequential, crops: Tensor) -> Tensor:
    """(N, 3 * width): mean, largest, and mean of the middle."""
    found = stack(crops.contiguous(memory_format=torch.channels_last))
    side = found.shape[-1]
    middle = slice(side // 2 - 1, side // 2 + 1)
    return torch.cat(
        [
            found.mean(dim=(2, 3)),
            found.amax(dim=(2, 3)),
            found[:, :, middle, middle].mean(dim=(2, 3)),
        ],
        dim=1,
    )
