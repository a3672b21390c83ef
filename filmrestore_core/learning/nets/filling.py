"""FillingNet: betters a first fill by what the neighbours and the damaged picture show."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from filmrestore_core.inpaint.planes import CENTER, FIRST, LENT, OFFSETS
from filmrestore_core.learning.nets.fold import folded

# Pixels of a side that the stem folds into channels.
STEM = 2
_COLORS = 3


class FillingNet(nn.Module):
    """Planes of inpaint.planes in, the fill out.

    The result is the first fill, plus shares of what each neighbour and the damaged picture itself
    differ from it by, plus what none of them shows. All are 0 at first, so that learning starts at
    the first fill. Shares let real texture through, which a residual alone would have to invent.
    """

    def __init__(self, body: nn.Module, planes: int, width: int) -> None:
        """Build the net around a body.

        Args:
            body: (N, width, h, w) -> (N, width, h, w) features; its `multiple_of` says what h and
                w must be multiples of, and `normalized` that its own first weights will do.
            planes: of the input.
            width: channels at half size.
        """
        super().__init__()
        self.multiple_of = STEM * int(getattr(body, "multiple_of", 1))
        self.enter = nn.Conv2d(planes * STEM * STEM, width, 1)
        self.body = body
        begin_evenly(self.enter if getattr(body, "normalized", False) else self)
        self.leave = nn.Conv2d(width, (_COLORS + len(OFFSETS) + 1) * STEM * STEM, 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def forward(self, planes: Tensor) -> Tensor:
        """(N, 3, H, W) plate units.

        Args:
            planes: (N, P, H, W) float32; H and W multiples of `multiple_of`.
        """
        return self.filled(planes, self.body(self.entered(planes)))

    def entered(self, planes: Tensor) -> Tensor:
        """(N, width, H / STEM, W / STEM), what the body sees."""
        return F.relu(folded(planes, self.enter, STEM))

    def filled(self, planes: Tensor, features: Tensor) -> Tensor:
        """(N, 3, H, W), of the planes and what the body made of them."""
        found = F.pixel_shuffle(self.leave(features), STEM)
        first = planes[:, FIRST]
        result = first + found[:, :_COLORS]
        lent = planes[:, LENT]
        for i in range(len(OFFSETS)):
            share = found[:, _COLORS + i : _COLORS + i + 1]
            result = result + share * lent[:, _COLORS * i : _COLORS * (i + 1)]
        through = found[:, _COLORS + len(OFFSETS) :]
        return result + through * (planes[:, CENTER] - first)


def begin_evenly(net: nn.Module) -> None:
    """First weights with which features keep their size from layer to layer.

    The library's own make them three times smaller in each, and a net without normalization then
    learns nothing for thousands of steps. He et al., "Delving Deep into Rectifiers", 2015.
    """
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def blurred(planes: Tensor, sigma: float) -> Tensor:
    """(N, C, H, W) after a Gaussian of sigma px; beyond the edge lies 0."""
    reach = max(1, round(3 * sigma))
    along = torch.arange(-reach, reach + 1, dtype=planes.dtype, device=planes.device)
    kernel = torch.exp(-0.5 * (along / sigma) ** 2)
    kernel = kernel / kernel.sum()
    channels = planes.shape[1]
    down = kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    across = kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    once = F.conv2d(planes, down, padding=(reach, 0), groups=channels)
    return F.conv2d(once, across, padding=(0, reach), groups=channels)
