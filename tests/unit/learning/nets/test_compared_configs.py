"""The configurations that come with the package."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from filmrestore_core.learning.nets.build import build_net, net_names  # noqa: E402
from filmrestore_core.learning.training.config import read_config  # noqa: E402

FOLDER = Path(str(resources.files("filmrestore_core.learning") / "configs"))
COMPARED = sorted(FOLDER.glob("compare_*.yaml"))


def test_nets_are_compared_on_equal_terms() -> None:
    configs = [read_config(path) for path in COMPARED]
    assert {c.net["net"] for c in configs} == set(net_names())
    assert {c.net["planes"] for c in configs if c.net["net"] == "unet"} == {
        "t1-v2",
        "t3-v2",
        "t5-v2",
    }
    terms = [c.model_dump(exclude={"net"}) for c in configs]
    assert all(term == terms[0] for term in terms)
    # The same clips are kept apart, and the first of the same scenes are learned from.
    shipped = read_config(FOLDER / "damage_unet_t5.yaml").scenes
    assert configs[0].scenes == shipped.model_copy(update={"train": configs[0].scenes.train})
    assert configs[0].scenes.train <= shipped.train


@pytest.mark.parametrize("path", COMPARED, ids=lambda p: p.stem)
def test_a_sample_is_of_a_size_that_the_net_takes(path: Path) -> None:
    config = read_config(path)
    net = build_net(config.net)
    assert config.crop % int(net.multiple_of) == 0  # type: ignore[arg-type]
    assert 135_000 < sum(p.numel() for p in net.parameters()) < 410_000
