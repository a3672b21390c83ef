from __future__ import annotations

import itertools
import math

import pytest

torch = pytest.importorskip("torch")

from filmrestore_core.learning.training.losses import segmenting_loss  # noqa: E402
from filmrestore_core.learning.training.schedule import rate_at  # noqa: E402


def _loss(logits: object, target: object, weight: object, **given: float) -> float:
    parts = {"positive": 1.0, "dice": 0.0, "kinds": 0.0} | given
    return float(segmenting_loss(logits, target, weight, **parts))  # type: ignore[arg-type]


def test_the_parts_are_what_the_formulas_give() -> None:
    logits = torch.zeros(1, 3, 1, 2)
    target = torch.tensor([[[1, 0]]])
    whole = torch.ones(1, 1, 2)
    # Every pixel costs log 2; ten times the mean.
    assert _loss(logits, target, whole) == pytest.approx(10 * math.log(2), rel=1e-6)
    assert _loss(logits, target, whole, positive=3.0) == pytest.approx(20 * math.log(2), rel=1e-6)
    # Soft Dice: 1 - (2 * 0.5 + 1) / (1 + 1 + 1).
    assert _loss(logits, target, whole, dice=1.0) - _loss(logits, target, whole) == pytest.approx(
        1 / 3, rel=1e-5
    )
    # Two classes, undecided, on one damaged pixel of two counted.
    assert _loss(logits, target, whole, kinds=1.0) - _loss(logits, target, whole) == pytest.approx(
        math.log(2) / 2, rel=1e-5
    )


def test_what_does_not_count_costs_nothing() -> None:
    target = torch.tensor([[[1, 0, 2]]])
    weight = torch.tensor([[[1.0, 1.0, 0.0]]])
    chance = torch.Generator().manual_seed(1)
    one, two = torch.randn(2, 1, 3, 1, 3, generator=chance)
    two[..., :2] = one[..., :2]
    given = {"dice": 0.5, "kinds": 0.3}
    assert _loss(one, target, weight, **given) == pytest.approx(
        _loss(two, target, weight, **given), rel=1e-6
    )


def test_a_right_answer_costs_less_than_a_wrong_one() -> None:
    target = torch.tensor([[[1, 0, 2, 0]]])
    right = torch.tensor([[[[9.0, -9, 9, -9]], [[9.0, 0, -9, 0]], [[-9.0, 0, 9, 0]]]])
    given = {"dice": 0.5, "kinds": 0.3}
    weight = torch.ones(1, 1, 4)
    assert _loss(right, target, weight, **given) < 0.02
    assert _loss(-right, target, weight, **given) > 10


def test_the_rate_rises_then_falls_to_a_hundredth() -> None:
    rates = [rate_at(s, rate=1.0, warm_up=10, steps=110) for s in range(111)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == rates[10] == pytest.approx(1.0)
    assert all(a >= b for a, b in itertools.pairwise(rates[10:]))
    assert rates[60] == pytest.approx(0.505)
    assert rates[110] == pytest.approx(0.01)
