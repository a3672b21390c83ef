"""A net that learns to better a fill: where it starts, what it is punished for, what it sees."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from filmrestore_core.inpaint.planes import FIRST, LENT, OFFSETS, PLANE_NAMES, VALIDITY
from filmrestore_core.learning.nets.build import build_net
from filmrestore_core.learning.samples.holes import PLANE_COUNT, SIDE, TRUTH
from filmrestore_core.learning.training.fill_batches import draw_fill_batch
from filmrestore_core.learning.training.losses import filling_loss

SPEC = {"net": "unet", "planes": "fill-t5-v2", "widths": (8, 16), "blocks": 1}


def holes(count: int = 6) -> np.ndarray:
    rng = np.random.default_rng(2)
    return rng.random((count, PLANE_COUNT, SIDE, SIDE)).astype(np.float16)


def test_a_fresh_net_gives_the_first_fill() -> None:
    net = build_net(SPEC)
    planes = torch.rand(2, len(PLANE_NAMES), 32, 48)
    with torch.inference_mode():
        assert torch.equal(net(planes), planes[:, FIRST])


def test_learning_moves_it_toward_the_truth() -> None:
    torch.manual_seed(1)
    net = build_net(SPEC)
    planes = torch.rand(4, len(PLANE_NAMES), 32, 32)
    coverage = torch.ones(4, 1, 32, 32)
    # The truth is what the neighbour before shows.
    truth = planes[:, FIRST] + planes[:, LENT.start + 3 : LENT.start + 6]
    steps = torch.optim.Adam(net.parameters(), lr=1e-2)
    losses = []
    for _ in range(40):
        steps.zero_grad()
        loss = filling_loss(net(planes), truth, coverage, fine=0.4)
        loss.backward()
        steps.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.3 * losses[0]


def test_what_lies_outside_the_matte_costs_nothing() -> None:
    truth = torch.rand(1, 3, 24, 24)
    coverage = torch.zeros(1, 1, 24, 24)
    coverage[..., 8:16, 8:16] = 1
    wrong_outside = torch.where(coverage > 0, truth, torch.zeros(()))
    assert float(filling_loss(wrong_outside, truth, coverage, fine=0.4)) == 0
    assert float(filling_loss(truth + 0.1, truth, coverage, fine=0.4)) > 0.1


def test_batches_depend_on_seed_and_step_only() -> None:
    made = holes()
    one, again = (draw_fill_batch(made, batch=3, seed=1, step=5) for _ in range(2))
    for left, right in zip(one, again, strict=True):
        assert np.array_equal(left, right)
    other = draw_fill_batch(made, batch=3, seed=1, step=6)
    assert not np.array_equal(one[0], other[0])
    assert one[0].shape == (3, len(PLANE_NAMES), SIDE, SIDE)
    assert one[1].shape == (3, 3, SIDE, SIDE)


@pytest.mark.parametrize("seed", range(4))
def test_varied_samples_stay_true(seed: int) -> None:
    """What a neighbour differs from the first fill by still leads to the truth it led to."""
    made = holes(1)
    made[:, TRUTH] = made[:, FIRST] + made[:, LENT.start : LENT.start + 3]
    made[:, LENT.start + 3 : LENT.stop] = 0
    made[:, VALIDITY] = 0
    made[:, VALIDITY.start] = 1
    for step in range(12):
        planes, truth, _ = draw_fill_batch(made, batch=1, seed=seed, step=step)
        valid = [i for i in range(len(OFFSETS)) if planes[0, VALIDITY.start + i].min() == 1]
        assert len(valid) == 1
        start = LENT.start + 3 * valid[0]
        expected = planes[:, FIRST] + planes[:, start : start + 3]
        # Samples are kept as half floats.
        np.testing.assert_allclose(truth, expected, atol=2e-3)
