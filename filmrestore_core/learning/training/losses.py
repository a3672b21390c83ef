"""What a segmenter is punished for."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from filmrestore_core.learning.nets.filling import blurred

# Finer than this is grain, which is put on afterwards.
_GRAIN_SIGMA = 1.2
_SMOOTH = 0.005


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


def filling_loss(fill: Tensor, truth: Tensor, coverage: Tensor, *, fine: float) -> Tensor:
    """How far a composited fill is from the truth, seen without grain and with it.

    Charbonnier's distance (Charbonnier et al., "Two deterministic half-quadratic regularization
    algorithms", 1994), a smooth absolute value.

    Args:
        fill: (N, 3, H, W).
        truth: (N, 3, H, W).
        coverage: (N, 1, H, W) 0..1, where the fill replaces the picture.
        fine: share of the distance with grain; it keeps a neighbour's own grain out.
    """
    error = (fill - truth) * coverage
    soft = blurred(error, _GRAIN_SIGMA)
    # Each crop counts alike: a blot of a thousand pixels would drown all specks.
    hole = coverage.sum(dim=(1, 2, 3)) * fill.shape[1] + 1
    far = (torch.sqrt(soft * soft + _SMOOTH**2) - _SMOOTH).sum(dim=(1, 2, 3)) / hole
    near = (torch.sqrt(error * error + _SMOOTH**2) - _SMOOTH).sum(dim=(1, 2, 3)) / hole
    return 10.0 * (far + fine * near).mean()
