"""What a segmenter is punished for."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def segmenting_loss(
    logits: Tensor, target: Tensor, weight: Tensor, *, positive: float, dice: float, kinds: float
) -> Tensor:
    """Cross-entropy and soft Dice on "damaged", cross-entropy on the class where it is.

    Milletari et al., "V-Net", 2016, for soft Dice; here over the whole batch, because many samples
    have no damage at all.

    Args:
        logits: (N, 1 + K, H, W).
        target: (N, H, W) int64, 0 for none, else the class counted from 1.
        weight: (N, H, W) 0..1, how much a pixel counts.
        positive: how much more a damaged pixel counts.
        dice: share of soft Dice.
        kinds: share of the class.
    """
    damaged = (target > 0).to(logits.dtype)
    found = logits[:, 0]
    each = F.binary_cross_entropy_with_logits(found, damaged, reduction="none")
    counts = weight * (1 + (positive - 1) * damaged)
    # The mean over all pixels would be a very small number.
    loss = 10.0 * (each * counts).mean()
    if dice:
        share = torch.sigmoid(found)
        both = (share * damaged * weight).sum()
        either = (share * weight).sum() + (damaged * weight).sum()
        loss = loss + dice * (1 - (2 * both + 1) / (either + 1))
    if kinds:
        wrong = F.cross_entropy(logits[:, 1:], (target - 1).clamp(min=0), reduction="none")
        loss = loss + kinds * (wrong * damaged * weight).sum() / (damaged.sum() + 1)
    return loss
