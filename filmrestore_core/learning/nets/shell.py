"""What all segmenting nets share: a stem at half size, and the way from features to scores."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Pixels of a side that the stem folds into channels.
STEM = 2


class SegmentingNet(nn.Module):
    """Planes in, one score per class out.

    The net answers two questions: is this pixel damaged, and if so, of which kind. The score of
    the likeliest kind is the first answer itself, so that thresholds do not depend on how sure
    the second answer is.

    A pixel-unshuffle of 2 at the start and its inverse at the end keep every pixel but let the
    body work at half size (Shi et al., "Real-Time Single Image and Video Super-Resolution Using an
    Efficient Sub-Pixel Convolutional Neural Network", 2016).
    """

    def __init__(self, body: nn.Module, planes: int, width: int, classes: int) -> None:
        """Build the net around a body.

        Args:
            body: (N, width, h, w) -> (N, width, h, w) features; its `multiple_of` says what h and
                w must be multiples of.
            planes: of the input.
            width: channels at half size.
            classes: kinds of damage.
        """
        super().__init__()
        self.classes = classes
        self.multiple_of = STEM * int(getattr(body, "multiple_of", 1))
        self.enter = nn.Conv2d(planes * STEM * STEM, width, 1)
        self.body = body
        self.leave = nn.Conv2d(width, (1 + classes) * STEM * STEM, 1)
        nn.init.normal_(self.leave.weight, std=0.01)
        # Damage is rare: begin by saying so.
        bias = torch.zeros((1 + classes) * STEM * STEM)
        bias[: STEM * STEM] = -3.0
        self.leave.bias = nn.Parameter(bias)

    def logits(self, planes: Tensor) -> Tensor:
        """(N, 1 + K, H, W): logit of damage, then logits of the classes."""
        features = F.relu(self.enter(F.pixel_unshuffle(planes, STEM)))
        return F.pixel_shuffle(self.leave(self.body(features)), STEM)

    def forward(self, planes: Tensor) -> Tensor:
        """(N, K, H, W) scores 0..1.

        Args:
            planes: (N, P, H, W) float32; H and W multiples of `multiple_of`.
        """
        found = self.logits(planes)
        damage = torch.sigmoid(found[:, :1])
        kinds = found[:, 1:]
        return damage * torch.exp(kinds - kinds.amax(dim=1, keepdim=True))
