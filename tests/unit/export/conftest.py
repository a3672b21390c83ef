"""A tiny torch net with what real ones are made of."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")


class TinyTorchNet(torch.nn.Module):  # type: ignore[name-defined,misc]
    """Pixel-unshuffle stem, a level down and up, a norm, an attention gate; gives logits."""

    def __init__(self, planes: int = 3, classes: int = 2) -> None:
        super().__init__()
        conv = torch.nn.Conv2d
        self.enter = conv(planes * 4, 8, 3, padding=1)
        self.down = conv(8, 16, 3, stride=2, padding=1)
        self.up = torch.nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.norm = torch.nn.LayerNorm(8)
        self.gate = conv(8, 1, 1)
        self.leave = conv(8, classes * 4, 1)

    def forward(self, planes: Any) -> Any:
        act = torch.nn.functional
        fine = torch.relu(self.enter(act.pixel_unshuffle(planes, 2)))
        coarse = act.gelu(self.down(fine))
        back = self.up(coarse)
        resized = act.interpolate(coarse[:, :8], size=fine.shape[-2:], mode="bilinear")
        mixed = fine * torch.sigmoid(self.gate(back)) + resized
        mixed = self.norm(mixed.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return act.pixel_shuffle(self.leave(mixed), 2)


@pytest.fixture
def torch_net() -> Any:
    torch.manual_seed(5)
    return TinyTorchNet()
