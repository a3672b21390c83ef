"""Nets that see a whole crop: what a Restormer-style and a DiffIR-style filling net promise."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from filmrestore_core.errors import SettingsError  # noqa: E402
from filmrestore_core.inpaint.planes import FIRST, MATTE, PLANE_NAMES  # noqa: E402
from filmrestore_core.learning.nets.build import (  # noqa: E402
    build_net,
    filling_names,
    net_names,
)
from filmrestore_core.learning.training.config import read_config  # noqa: E402

PLANES = len(PLANE_NAMES)
SMALL: dict[str, dict[str, Any]] = {
    "restormer": {"widths": [4, 8], "blocks": [1, 1], "heads": [1, 2]},
    "diffir": {"widths": [4, 8], "blocks": [1, 1], "heads": [1, 2], "code": 8, "seeing": 6},
}


def net_of(name: str) -> Any:
    """A small net whose last layer says something."""
    torch.manual_seed(3)
    net: Any = build_net({"net": name, "planes": "fill-t5-v2", **SMALL[name]})
    fill = net.fill if name == "diffir" else net
    torch.nn.init.normal_(fill.leave.weight, std=0.3)
    return net


def test_they_fill_and_do_not_find() -> None:
    assert set(filling_names()) == set(net_names()) | set(SMALL)
    for name in SMALL:
        with pytest.raises(SettingsError, match=f"no net called '{name}'"):
            build_net({"net": name, "planes": "t5-v1"})


@pytest.mark.parametrize("name", SMALL)
def test_a_fresh_net_gives_the_first_fill(name: str) -> None:
    net = build_net({"net": name, "planes": "fill-t5-v2", **SMALL[name]})
    planes = torch.rand(2, PLANES, 32, 48)
    with torch.inference_mode():
        assert torch.equal(net(planes), planes[:, FIRST])


@pytest.mark.parametrize("name", SMALL)
def test_any_size_that_is_a_multiple_alone_or_among_others(name: str) -> None:
    net = net_of(name).eval()
    step = int(net.multiple_of)
    for high, wide in ((1, 2), (3, 4)):
        planes = torch.rand(3, PLANES, high * step, wide * step)
        with torch.inference_mode():
            whole, alone = net(planes), net(planes[1:2])
        assert whole.shape == (3, 3, high * step, wide * step)
        # Kernels may sum in another order for another batch, and where channels agree, which four
        # often do, normalising makes roundings larger: measured up to 8e-5.
        torch.testing.assert_close(alone[0], whole[1], rtol=0, atol=1e-3)
        assert float((alone[0] - whole[0]).abs().max()) > 0.1


@pytest.mark.parametrize("name", SMALL)
def test_attention_sees_the_whole_crop(name: str) -> None:
    net = net_of(name).eval()
    planes = torch.rand(1, PLANES, 16, 320)
    other = planes.clone()
    other[..., -16:] += 1.0
    with torch.inference_mode():
        change = (net(planes) - net(other)).abs().amax(dim=(0, 1, 2))
    assert float(change[:16].max()) > 0


@pytest.mark.parametrize("name", SMALL)
def test_every_weight_that_is_asked_learns(name: str) -> None:
    net = net_of(name)
    planes = torch.randn(2, PLANES, 32, 32)
    net(planes).square().sum().backward()
    still = {n.split(".")[0] for n, p in net.named_parameters() if p.grad is None}
    # The teacher is asked by whoever knows the truth.
    assert still == ({"teacher"} if name == "diffir" else set())


@pytest.mark.parametrize("name", SMALL)
def test_it_learns_what_a_neighbour_shows(name: str) -> None:
    net = net_of(name)
    planes = torch.rand(2, PLANES, 32, 32)
    truth = planes[:, FIRST] + planes[:, 6:9]
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = (net(planes) - truth).abs().mean()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.4 * losses[0]


def test_the_teacher_looks_into_the_hole_only() -> None:
    net = net_of("diffir").eval()
    planes, truth = torch.rand(2, PLANES, 32, 32), torch.rand(2, 3, 32, 32)
    planes[:, MATTE] = 0
    planes[:, MATTE, 8:24, 8:24] = 1
    outside = truth.clone()
    outside[..., :8, :] = 0
    inside = truth.clone()
    inside[..., 10:20, 10:20] = 0
    with torch.inference_mode():
        taught = net.taught(planes, truth)
        assert torch.equal(net.taught(planes, outside), taught)
        assert not torch.equal(net.taught(planes, inside), taught)
    torch.testing.assert_close(taught.mean(dim=1), torch.zeros(2), rtol=0, atol=1e-5)
    torch.testing.assert_close(taught.std(dim=1, unbiased=False), torch.ones(2), rtol=0, atol=1e-2)


def test_a_code_steers_the_fill() -> None:
    net = net_of("diffir").eval()
    planes = torch.rand(2, PLANES, 32, 32)
    with torch.inference_mode():
        one = net.with_code(planes, torch.randn(2, 8))
        other = net.with_code(planes, torch.randn(2, 8))
        code = net.guess(planes, net.start.expand(2, -1))
        assert torch.equal(net.with_code(planes, code), net(planes))
    assert float((one - other).abs().max()) > 1e-3


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"net": "restormer", "widths": [4, 8]}, "need 2 entries"),
        ({"net": "diffir", "heads": [5, 1, 1]}, "24 channels cannot be shared by 5 heads"),
        ({"net": "diffir", "depth": 2}, "cannot be built with"),
    ],
)
def test_a_wrong_description_is_a_sentence(spec: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        build_net({"planes": "fill-t5-v2", **spec})


def test_they_are_compared_on_equal_terms() -> None:
    folder = Path(str(resources.files("filmrestore_core.learning") / "configs"))
    plain = read_config(folder / "fill_ablation_none.yaml")
    judged = {n: read_config(folder / f"fill_ablation_{n}.yaml") for n in ("nat", "sem", "both")}
    for config in judged.values():
        assert config.model_dump(exclude={"diffloss"}) == plain.model_dump(exclude={"diffloss"})
    weights = {
        n: (c.diffloss.natural, c.diffloss.semantic) for n, c in judged.items() if c.diffloss
    }
    assert weights["both"] == (weights["nat"][0], weights["sem"][1])
    assert weights["nat"][1] == weights["sem"][0] == 0
    for name in SMALL:
        other = read_config(folder / f"fill_{name}.yaml")
        aside = {"net", "two_stage"}
        assert other.model_dump(exclude=aside) == plain.model_dump(exclude=aside)
        assert other.net["net"] == name
        build_net(other.net)
