"""Attention to what aligned neighbours show near the same place."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from filmrestore_core.inpaint.planes import OFFSETS, SPOILED, VALIDITY
from filmrestore_core.learning.nets.fold import folded

_FOLD = 4
_COLORS = 3
# Cells on each side in which a place looks around.
_REACH = 1


class NeighborMemory(nn.Module):
    """The same small net looks at each neighbour: picture, validity, own damage."""

    def __init__(self, width: int) -> None:
        """Build it.

        Args:
            width: features of each neighbour.
        """
        super().__init__()
        self.enter = nn.Conv2d((_COLORS + 2) * _FOLD * _FOLD, width // 2, 1)
        self.fine = nn.Conv2d(width // 2, width // 2, 3, padding=1)
        self.shrink = nn.Conv2d(width // 2, width, 2, stride=2)
        self.middle = nn.Conv2d(width, width, 3, padding=1)
        self.halve = nn.Conv2d(width, width, 2, stride=2)
        self.coarse = nn.Conv2d(width, width, 3, padding=1)
        # How far away in time; before and after are alike.
        self.distance = nn.Parameter(torch.zeros(len({abs(o) for o in OFFSETS}), width))

    def forward(self, lent: Tensor, seen: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Features (N, width, h, w) of each neighbour, at an eighth and a sixteenth of the size.

        Args:
            lent: (N, 12, H, W), aligned neighbours less the first fill.
            seen: (N, 29, H, W), planes of inpaint.planes; H and W multiples of 16.
        """
        middle, coarse = [], []
        for i, offset in enumerate(OFFSETS):
            shown = [
                lent[:, _COLORS * i : _COLORS * (i + 1)],
                seen[:, VALIDITY.start + i : VALIDITY.start + i + 1],
                seen[:, SPOILED.start + i : SPOILED.start + i + 1],
            ]
            features = F.relu(folded(torch.cat(shown, dim=1), self.enter, _FOLD))
            features = self.shrink(F.relu(self.fine(features)))
            features = F.relu(features + self.distance[abs(offset) - 1].view(1, -1, 1, 1))
            features = F.relu(self.middle(features))
            middle.append(features)
            coarse.append(F.relu(self.coarse(F.relu(self.halve(features)))))
        return middle, coarse


class NeighborAttention(nn.Module):
    """Each place asks all neighbours, a cell around it, and may turn all of them down.

    Vaswani et al., "Attention is all you need", 2017, in a window of 3x3 cells; shifts and sums
    only, which every runtime knows.
    """

    def __init__(self, width: int, memory: int) -> None:
        """Build it; at first its answer is small.

        Args:
            width: channels of the features that ask.
            memory: channels of each neighbour's features.
        """
        super().__init__()
        self.ask = nn.Conv2d(width, memory, 1)
        # Keys and values in one.
        self.tell = nn.Conv2d(memory, 2 * memory, 1)
        self.none = nn.Conv2d(width, 1, 1)
        cells = (2 * _REACH + 1) ** 2
        self.near = nn.Parameter(torch.zeros(cells, 1))
        self.answer = nn.Conv2d(memory, width, 1)
        self.scale = memory**-0.5

    def forward(self, features: Tensor, memory: Sequence[Tensor]) -> Tensor:
        """(N, width, h, w), what the neighbours answer.

        Args:
            features: (N, width, h, w).
            memory: (N, memory, h, w) of each neighbour.
        """
        question = self.ask(features).unsqueeze(1) * self.scale
        told = torch.stack([self.tell(one) for one in memory], dim=1)
        padded = F.pad(told, (_REACH,) * 4)
        keys, values = padded.chunk(2, dim=2)
        high, wide = features.shape[-2:]
        side = 2 * _REACH + 1
        shifts = [(y, x) for y in range(side) for x in range(side)]
        fits = [
            (question * keys[..., y : y + high, x : x + wide]).sum(dim=2) + self.near[at]
            for at, (y, x) in enumerate(shifts)
        ]
        weights = torch.softmax(torch.cat([self.none(features), *fits], dim=1), dim=1)
        count = len(memory)
        sums = [
            (
                weights[:, 1 + count * at : 1 + count * (at + 1)].unsqueeze(2)
                * values[..., y : y + high, x : x + wide]
            ).sum(dim=1)
            for at, (y, x) in enumerate(shifts)
        ]
        total = sums[0]
        for further in sums[1:]:
            total = total + further
        answer: Tensor = self.answer(total)
        return answer
