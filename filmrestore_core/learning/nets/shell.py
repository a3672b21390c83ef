"""What all segmenting nets share: a stem at half size, and the way from features to scores."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from filmrestore_core.learning.nets.fold import folded

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
        return F.pixel_shuffle(self._answers(planes), STEM)

    def forward(self, planes: Tensor) -> Tensor:
        """(N, K, H, W) scores 0..1.

        Args:
            planes: (N, P, H, W) float32; H and W multiples of `multiple_of`.
        """
        # Before pixels are put in their places, which takes longer than this.
        found = self._answers(planes)
        damage, *kinds = torch.split(found, STEM * STEM, dim=1)
        likeliest = kinds[0]
        for kind in kinds[1:]:
            likeliest = torch.maximum(likeliest, kind)
        share = torch.sigmoid(damage)
        return F.pixel_shuffle(
            torch.cat([share * torch.exp(kind - likeliest) for kind in kinds], dim=1), STEM
        )

    def _answers(self, planes: Tensor) -> Tensor:
        """(N, (1 + K) * STEM * STEM, H / STEM, W / STEM)."""
        features = F.relu(folded(planes, self.enter, STEM))
        return self.leave(self.body(features))  # type: ignore[no-any-return]
