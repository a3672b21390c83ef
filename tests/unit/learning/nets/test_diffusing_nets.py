"""What a step net promises: its place in the sampler, its limits, its graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from filmrestore_core.errors import SettingsError  # noqa: E402
from filmrestore_core.inpaint.planes import (  # noqa: E402
    CENTER,
    FIRST,
    LENT,
    MATTE,
    OFFSETS,
    PLANE_NAMES,
    SPOILED,
    VALIDITY,
)
from filmrestore_core.inpaint.sampler import RESIDUAL_SCALE, STEP_PLANES, sample  # noqa: E402
from filmrestore_core.learning.nets.build import build_net  # noqa: E402
from filmrestore_core.learning.nets.diffusing import SPREAD, shares_of_time  # noqa: E402
from filmrestore_core.learning.training.diffusing_trainer import diffusing_loss  # noqa: E402
from filmrestore_core.learning.training.rebase import rebased, steps_planes  # noqa: E402

COUNT = STEP_PLANES["diffuse-t5-v1"]
WAYS = ("channels", "attention")


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _net(neighbors: str, *, fresh: bool = False) -> Any:
    torch.manual_seed(3)
    spec = {"net": "diffusing-unet", "planes": "diffuse-t5-v1", "neighbors": neighbors}
    net = build_net({**spec, "widths": [4, 6, 8, 8], "memory": 8, "steer": 8})
    if not fresh:
        # As after some learning: the last layer is 0 at first.
        torch.nn.init.normal_(net.leave.weight, std=0.2)
    return net


def _planes(*size: int, t: float = 0.5) -> Any:
    planes = torch.rand(2, COUNT, *size, generator=torch.Generator().manual_seed(1))
    planes[:, 3] = t
    planes[:, 4 + MATTE] = 0
    planes[:, 4 + MATTE, 5:-5, 7:-9] = 0.7
    return planes


@pytest.mark.parametrize("neighbors", WAYS)
def test_the_answer_is_nothing_outside_the_matte(neighbors: str) -> None:
    net = _net(neighbors)
    assert net.multiple_of == 16
    planes = _planes(48, 32)
    with torch.inference_mode():
        answer = net(planes)
    assert answer.shape == (2, 3, 48, 32)
    outside = (planes[:, 4 + MATTE : 5 + MATTE] == 0).expand_as(answer)
    assert not answer[outside].any()
    assert bool((answer[~outside] != 0).all())


@pytest.mark.parametrize("neighbors", WAYS)
def test_a_fresh_net_trusts_what_it_is_given_the_more_the_less_noise_there_is(
    neighbors: str,
) -> None:
    net = _net(neighbors, fresh=True)
    with torch.inference_mode():
        for t, kept in ((1.0, 0.0), (SPREAD / (1 + SPREAD), 0.5 * (1 + SPREAD)), (0.0, 1.0)):
            planes = _planes(32, 32, t=t)
            hole = planes[:, 4 + MATTE : 5 + MATTE] > 0
            expected = torch.where(hole, kept * planes[:, :3], torch.zeros(()))
            torch.testing.assert_close(net(planes), expected, rtol=0, atol=1e-6)


def test_what_is_certain_lets_no_noise_through() -> None:
    """A local spread, once it is small, leaves the net's own answer alone."""
    spec = {"net": "diffusing-unet", "planes": "diffuse-t5-v1", "widths": [4, 6, 8, 8]}
    torch.manual_seed(3)
    plain = build_net({**spec, "steer": 8})
    local = build_net({**spec, "steer": 8, "spread": "local"})
    missing, unknown = local.load_state_dict(plain.state_dict(), strict=False)
    assert (missing, unknown) == (["uncertain.weight", "uncertain.bias"], [])
    planes = _planes(32, 32, t=0.3)
    with torch.inference_mode():
        assert torch.equal(local(planes), plain(planes))
        local.uncertain.bias.fill_(-10)
        # A fresh net's own answer is nothing; what still comes through is about 1e-4 of x_t.
        assert float(local(planes).abs().max()) < 1e-3 < float(plain(planes).abs().max())


@pytest.mark.parametrize("neighbors", WAYS)
def test_opaque_damage_does_not_come_back(neighbors: str) -> None:
    spec = {"net": "diffusing-unet", "planes": "diffuse-t5-v1", "neighbors": neighbors}
    torch.manual_seed(3)
    net = build_net({**spec, "widths": [4, 6, 8, 8], "memory": 8, "steer": 8, "opaque": 0.1})
    torch.nn.init.normal_(net.leave.weight, std=0.2)
    planes = _planes(32, 32)
    first = planes[:, 4 + FIRST.start : 4 + FIRST.stop]
    planes[:, 4 : 4 + CENTER.stop] = first

    def change(size: float) -> float:
        damaged = planes.clone()
        damaged[:, 4 : 4 + CENTER.stop, 8:20, 9:20] += size
        with torch.inference_mode():
            return float((net(damaged) - net(planes)).abs().max())

    # A tenth of white is seen through; ten times as much counts for a hundredth of that and less.
    assert change(1.0) < 0.02 * change(0.1)


def test_shares_of_time_are_the_best_linear_guess() -> None:
    chance = torch.Generator().manual_seed(8)
    residual = SPREAD * torch.randn(200_000, generator=chance)
    noise = torch.randn(200_000, generator=chance)
    for t in (0.1, 0.5, 1.0):
        through, missed = shares_of_time(torch.tensor(t))
        missed = missed * SPREAD
        error = residual - through * ((1 - t) * residual + t * noise)
        # The sample's spread is off by about 1 / sqrt(2 * 200000).
        torch.testing.assert_close(error.std(), missed, rtol=0.01, atol=0)


@pytest.mark.parametrize("neighbors", WAYS)
def test_every_weight_learns(neighbors: str) -> None:
    net = _net(neighbors)
    planes = _planes(48, 48)
    hole = (planes[:, 4 + MATTE : 5 + MATTE] > 0).float()
    t = torch.tensor([0.5, 0.5])
    diffusing_loss(net(planes), torch.rand(2, 3, 48, 48), hole, t).backward()
    still = [n for n, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert still == []


@pytest.mark.parametrize("neighbors", WAYS)
def test_neighbors_and_time_bias_the_answer(neighbors: str) -> None:
    net = _net(neighbors)
    planes = _planes(32, 32)
    with torch.inference_mode():
        answer = net(planes)
        for part in (4 + LENT.start, 4 + VALIDITY.start + 2, 4 + SPOILED.start + 1, 3):
            other = planes.clone()
            other[:, part] *= 0.5
            assert not torch.equal(net(other), answer)


@pytest.mark.parametrize("neighbors", WAYS)
def test_what_is_far_away_changes_nothing(neighbors: str) -> None:
    net = _net(neighbors).eval()
    planes = torch.rand(1, COUNT, 32, 40 * 16)
    planes[:, 3] = 0.3
    other = planes.clone()
    other[:, 4:, :, -16:] += 1.0
    with torch.inference_mode():
        change = (net(planes) - net(other)).abs().amax(dim=(0, 1, 2))
    assert float(change[-16:].max()) > 0
    assert float(change[: 20 * 16].max()) == 0


@pytest.mark.parametrize("neighbors", WAYS)
def test_the_graph_computes_what_torch_does(neighbors: str, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from filmrestore_core.models.card import ModelCard
    from filmrestore_core.models.store import open_lone
    from filmrestore_core.runtime.session import Session
    from filmrestore_export.onnx_graph import export_onnx
    from filmrestore_export.operators import check_operators

    # Named as an inpainter's: what is proved here is the graph, not what the product does with it.
    card = ModelCard.of(
        {
            "id": f"step-{neighbors}",
            "version": "1.0.0",
            "license": "Apache-2.0",
            "task": "inpaint",
            "planes": "diffuse-t5-v1",
            "opset": 17,
            "inputs": [{"name": "planes", "shape": [1, COUNT, "H", "W"]}],
            "outputs": [{"name": "residual", "shape": [1, 3, "H", "W"]}],
            "temporal": {"size": 5, "center": 2},
            "size": {"multiple_of": 16, "minimum": 64},
        },
        where="test",
    )
    file = tmp_path / "step.onnx"
    net = _net(neighbors).eval()
    done = export_onnx(net, card, file, bound=1e-4)
    assert done.parity.largest < 1e-4
    model = open_lone(file)
    assert check_operators(model.content).fits
    planes = _planes(96, 80, t=0.4)[0].numpy()
    with torch.inference_mode():
        expected = net(torch.from_numpy(planes)[None])[0].numpy()
    found = Session(model.card, model.content).run(planes)
    # Sums of some hundred float32 values of size 1.
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


def test_learning_moves_samples_toward_the_truth() -> None:
    """The neighbour before shows it; from noise the sampler must arrive there."""
    net = _net("channels", fresh=True)
    chance = torch.Generator().manual_seed(4)
    condition = torch.rand(4, len(PLANE_NAMES), 32, 32, generator=chance)
    condition[:, MATTE] = 1
    lent = slice(LENT.start + 3, LENT.start + 6)
    condition[:, lent] = 0.1 * torch.randn(4, 3, 32, 32, generator=chance)
    bare = condition[:, FIRST] + condition[:, lent]
    residual = condition[:, lent] * RESIDUAL_SCALE
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
    hole = torch.ones(4, 1, 32, 32)
    for _ in range(80):
        t = torch.rand(4, generator=chance)
        noise = torch.randn(residual.shape, generator=chance)
        beside = t.view(-1, 1, 1, 1)
        planes = steps_planes(condition, (1 - beside) * residual + beside * noise, t)
        loss = diffusing_loss(net(planes), residual, hole, t)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def step(planes: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return np.asarray(net(torch.from_numpy(planes)[None])[0].numpy())

    first = condition[0].numpy()
    drawn = sample(step, first, torch.randn(3, 32, 32, generator=chance).numpy(), steps=4)
    before = np.square(first[FIRST] - bare[0].numpy()).mean()
    assert np.square(drawn - bare[0].numpy()).mean() < 0.2 * before


def test_rebasing_is_what_another_first_fill_would_have_given() -> None:
    chance = torch.Generator().manual_seed(6)
    neighbors = torch.rand(2, 4, 3, 16, 16, generator=chance)
    planes = torch.rand(2, len(PLANE_NAMES), 16, 16, generator=chance)
    planes[:, MATTE] = 0
    planes[:, MATTE, 4:9, 3:12] = 0.4
    hole = planes[:, MATTE : MATTE + 1] > 0
    planes[:, FIRST] = torch.where(hole, planes[:, FIRST], planes[:, CENTER])
    fill = torch.rand(2, 3, 16, 16, generator=chance)
    expected = planes.clone()
    expected[:, FIRST] = torch.where(hole, fill, planes[:, CENTER])
    for made in (planes, expected):
        for i in range(len(OFFSETS)):
            part = slice(LENT.start + 3 * i, LENT.start + 3 * i + 3)
            made[:, part] = neighbors[:, i] - made[:, FIRST]
        # The second window lacks its last neighbour.
        made[1, LENT.stop - 3 : LENT.stop] = 0
    torch.testing.assert_close(rebased(planes, fill), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "spec",
    [
        {"neighbors": "memory"},
        {"spread": "wide"},
        {"widths": [4, 6, 8]},
        {"depth": 3},
        {"net": "unet"},
    ],
)
def test_a_wrong_description_is_a_sentence(spec: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        build_net({"net": "diffusing-unet", "planes": "diffuse-t5-v1", **spec})
