"""A tiny torch net with what real ones are made of."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def torch_net() -> Any:
    """Pixel-unshuffle stem, a level down and up, a norm, an attention gate; gives logits."""
    torch = pytest.importorskip("torch")
    nn, act = torch.nn, torch.nn.functional

    class TinyTorchNet(nn.Module):  # type: ignore[name-defined,misc]
        def __init__(self, planes: int = 3, classes: int = 2) -> None:
            super().__init__()
            self.enter = nn.Conv2d(planes * 4, 8, 3, padding=1)
            self.down = nn.Conv2d(8, 16, 3, stride=2, padding=1)
            self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
            self.norm = nn.LayerNorm(8)
            self.gate = nn.Conv2d(8, 1, 1)
            self.leave = nn.Conv2d(8, classes * 4, 1)

        def forward(self, planes: Any) -> Any:
            fine = torch.relu(self.enter(act.pixel_unshuffle(planes, 2)))
            coarse = act.gelu(self.down(fine))
            back = self.up(coarse)
            resized = act.interpolate(coarse[:, :8], size=fine.shape[-2:], mode="bilinear")
            mixed = fine * torch.sigmoid(self.gate(back)) + resized
            mixed = self.norm(mixed.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            return act.pixel_shuffle(self.leave(mixed), 2)

    torch.manual_seed(5)
    return TinyTorchNet()
