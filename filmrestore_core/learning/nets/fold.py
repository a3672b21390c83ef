"""Folding pixels into channels on the way in: half the size, no pixel lost."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


def folded(planes: Tensor, layer: nn.Conv2d, side: int) -> Tensor:
    """A pixel-unshuffle and then a 1x1 convolution, computed as one strided convolution.

    The numbers are the same; moving every pixel first took a third of a small net's time. Shi et
    al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel
    Convolutional Neural Network", 2016, for the fold.

    Args:
        planes: (N, P, H, W); H and W multiples of side.
        layer: from P * side * side channels, 1x1.
        side: pixels of a side that become channels.

    Returns:
        (N, width, H / side, W / side).
    """
    width, channels = layer.out_channels, layer.in_channels // (side * side)
    weight = layer.weight.reshape(width, channels, side, side)
    return F.conv2d(planes, weight, layer.bias, stride=side)
