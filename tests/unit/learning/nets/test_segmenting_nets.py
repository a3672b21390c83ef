"""What every net of the registry promises."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from filmrestore_core.errors import SettingsError  # noqa: E402
from filmrestore_core.learning.nets.build import build_net, net_names  # noqa: E402
from filmrestore_core.learning.training.losses import segmenting_loss  # noqa: E402
from filmrestore_core.matte import DETECTED_CLASSES  # noqa: E402
from filmrestore_core.segment.planes import PLANES  # noqa: E402

CLASSES = len(DETECTED_CLASSES)
# Small, of the same structure as those that are trained.
SMALL: dict[str, dict[str, Any]] = {
    "unet": {"widths": [6, 8, 10], "blocks": 2},
    "attention-unet": {"widths": [6, 8, 10], "blocks": 2},
    "r2unet": {"widths": [6, 8, 10]},
    "r2attention-unet": {"widths": [6, 8, 10]},
    "segformer": {"widths": [6, 8, 12, 16]},
}


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _net(name: str, planes: str = "t3-v1") -> Any:
    torch.manual_seed(3)
    return build_net({"net": name, "planes": planes, **SMALL[name]})


def test_the_small_ones_are_all_there_are() -> None:
    assert set(SMALL) == set(net_names())


@pytest.mark.parametrize("name", SMALL)
def test_scores_of_any_size_that_is_a_multiple(name: str) -> None:
    net = _net(name).eval()
    step = net.multiple_of
    assert step & (step - 1) == 0
    for high, wide in ((1, 1), (1, 3), (5, 2), (3, 4)):
        planes = torch.rand(2, PLANES["t3-v1"], high * step, wide * step) * 4 - 2
        with torch.inference_mode():
            scores = net(planes)
            logits = net.logits(planes)
        assert scores.shape == (2, CLASSES, high * step, wide * step)
        assert scores.dtype == torch.float32
        assert logits.shape == (2, 1 + CLASSES, high * step, wide * step)
        assert float(scores.min()) >= 0
        assert float(scores.max()) <= 1
        # The likeliest class has the score of "damaged" itself.
        damaged = torch.sigmoid(logits[:, 0])
        torch.testing.assert_close(scores.amax(dim=1), damaged, rtol=0, atol=1e-6)
        assert torch.equal(scores.argmax(dim=1), logits[:, 1:].argmax(dim=1))


@pytest.mark.parametrize("name", SMALL)
def test_every_weight_learns(name: str) -> None:
    net = _net(name)
    step = net.multiple_of
    chance = torch.Generator().manual_seed(1)
    planes = torch.randn(2, PLANES["t3-v1"], 4 * step, 4 * step, generator=chance)
    target = torch.randint(0, CLASSES + 1, (2, 4 * step, 4 * step), generator=chance)
    loss = segmenting_loss(
        net.logits(planes), target, torch.ones(target.shape), positive=2.0, dice=0.5, kinds=0.3
    )
    loss.backward()
    still = [n for n, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert still == []


@pytest.mark.parametrize("name", SMALL)
def test_a_single_batch_is_learned_by_heart(name: str) -> None:
    net = _net(name)
    chance = torch.Generator().manual_seed(2)
    planes = 0.1 * torch.randn(2, PLANES["t3-v1"], 32, 32, generator=chance)
    target = torch.zeros(2, 32, 32, dtype=torch.long)
    for kind, (y, x) in enumerate(((4, 5), (20, 8), (10, 22)), start=1):
        target[:, y : y + 5, x : x + 4] = kind
        # Marks show against both neighbours, in another channel for each class.
        planes[:, [3 + kind, 6 + kind], y : y + 5, x : x + 4] += 0.5
    weight = torch.ones(target.shape)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
    losses = []
    for _ in range(120):
        optimizer.zero_grad()
        loss = segmenting_loss(
            net.logits(planes), target, weight, positive=2.0, dice=0.5, kinds=0.3
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 5
    with torch.inference_mode():
        scores = net(planes)
    found = scores.amax(dim=1) > 0.5
    assert float((found == (target > 0)).float().mean()) > 0.99


@pytest.mark.parametrize("name", SMALL)
def test_what_is_far_away_changes_nothing(name: str) -> None:
    """Nothing pools over the whole picture: else tiles would disagree."""
    net = _net(name).eval()
    step = net.multiple_of
    planes = torch.rand(1, PLANES["t3-v1"], 2 * step, 40 * step)
    other = planes.clone()
    other[..., -step:] += 1.0
    with torch.inference_mode():
        change = (net(planes) - net(other)).abs().amax(dim=(0, 1, 2))
    assert float(change[-step:].max()) > 0
    assert float(change[: 20 * step].max()) == 0


@pytest.mark.parametrize("name", SMALL)
def test_a_shift_by_the_multiple_shifts_the_answer(name: str) -> None:
    """So that tiles whose corners lie at multiples give what the whole picture gives."""
    net = _net(name).eval()
    step = net.multiple_of
    planes = torch.rand(1, PLANES["t3-v1"], 2 * step, 41 * step)
    with torch.inference_mode():
        whole, part = net(planes), net(planes[..., step:])
    far = 20 * step
    # Kernels may sum in another order at another size: a few roundings of values near 1.
    torch.testing.assert_close(whole[..., far + step :], part[..., far:], rtol=0, atol=2e-6)


@pytest.mark.parametrize("name", SMALL)
def test_the_same_seed_gives_the_same_weights(name: str) -> None:
    one, two = _net(name).state_dict(), _net(name).state_dict()
    assert all(torch.equal(one[key], two[key]) for key in one)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"net": "vnet", "planes": "t5-v1"}, "no net called 'vnet'"),
        ({"planes": "t5-v1"}, "no net called 'None'"),
        ({"net": "unet", "planes": "t9-v1"}, "no planes called 't9-v1'"),
        ({"net": "unet", "planes": "t5-v1", "depth": 3}, "cannot be built with"),
        ({"net": "segformer", "planes": "t5-v1", "widths": [8, 8]}, "need 1 entries"),
    ],
)
def test_a_wrong_description_is_a_sentence(spec: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        build_net(spec)


def test_features_keep_their_size_in_a_net_that_begins_evenly() -> None:
    torch.manual_seed(3)
    spec = {"net": "unet", "planes": "t3-v1", "widths": [16, 32, 64, 96], "blocks": 2}
    features = torch.rand(1, 16, 64, 64)
    with torch.inference_mode():
        plain, even = (
            build_net(s).body(features).std() / features.std()  # type: ignore[operator, union-attr]
            for s in (spec, {**spec, "begin": "evenly"})
        )
    # The library's first weights shrink them; measured .11 and 2.0.
    assert float(plain) < 0.2
    assert 0.5 < float(even) < 5.0
    with pytest.raises(SettingsError, match="cannot begin 'anyhow'"):
        build_net({**spec, "begin": "anyhow"})
