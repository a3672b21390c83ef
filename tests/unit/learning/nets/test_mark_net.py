"""The net that judges marks by crops of them."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from filmrestore_core.learning.nets.build import build_net
from filmrestore_core.segment.mark_crops import CROP_PLANES, SIDE


def net() -> torch.nn.Module:
    torch.manual_seed(1)
    return build_net({"net": "mark-net", "widths": [8, 8, 8], "hidden": 8}).eval()


def crops(count: int) -> torch.Tensor:
    rng = np.random.default_rng(2)
    values = rng.uniform(-1, 1, (count, 2 * len(CROP_PLANES), SIDE, SIDE))
    return torch.from_numpy(values.astype(np.float32))


def test_crops_side_by_side_get_the_answers_of_each() -> None:
    made, shown = net(), crops(6)
    laid = torch.cat([torch.cat(list(shown[:3]), dim=2), torch.cat(list(shown[3:]), dim=2)], dim=1)
    with torch.inference_mode():
        answers = made(laid[None])
        alone = made.logits(shown)
    assert answers.shape == (1, 1, 2 * SIDE, 3 * SIDE)
    cells = answers[0, 0].reshape(2, SIDE, 3, SIDE).permute(0, 2, 1, 3).reshape(6, -1)
    # Other batches may be computed in another order; float32 has seven digits.
    torch.testing.assert_close(cells[:, 0], alone, atol=1e-5, rtol=1e-5)
    assert torch.equal(cells.amin(dim=1), cells.amax(dim=1))


def test_both_crops_and_every_plane_are_looked_at() -> None:
    made, shown = net(), crops(1)
    shown.requires_grad_()
    made.logits(shown).sum().backward()
    assert bool((shown.grad.abs().sum(dim=(0, 2, 3)) > 0).all())
