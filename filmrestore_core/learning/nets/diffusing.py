"""DiffusingNet: one step from noise toward what a hole hid, biased by the neighbouring frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from filmrestore_core.errors import SettingsError
from filmrestore_core.inpaint.planes import CENTER, FIRST, LENT, MATTE, NOISE, OFFSETS
from filmrestore_core.inpaint.sampler import RESIDUAL_SCALE, STEP_PLANES
from filmrestore_core.learning.nets.fold import folded
from filmrestore_core.learning.nets.neighbor_attention import NeighborAttention, NeighborMemory

STEM = 2
_COLORS = 3
_TIME = 3
# The planes of inpaint.planes come after what is noised and the time.
_LATER = 4
# About how large r is.
SPREAD = 0.25
_WAVES = 16
# Of the logarithm of a local spread against SPREAD.
_LEAST, _MOST = -4.0, 1.5


class DiffusingNet(nn.Module):
    """Planes of inpaint.sampler in, an estimate of r out, 0 outside the matte.

    A U-Net without normalisation, so that a place's answer does not depend on the size of the crop
    it lies in, steered by the time. Its input and output are balanced as in Karras et al.,
    "Elucidating the design space of diffusion-based generative models", 2022: at t = 1 it answers
    from the pictures alone, near 0 mostly with what it was given. Like FillingNet it may take
    shares of what the neighbours and the damaged picture show, next to what none of them shows.
    Neighbours bias it in one of two ways: as channels of its input, or by attention to features
    that a small net finds in each.
    """

    def __init__(
        self,
        widths: Sequence[int] = (24, 48, 80, 112),
        blocks: int = 1,
        neighbors: str = "channels",
        memory: int = 32,
        steer: int = 64,
        spread: str = "one",
        opaque: float | None = None,
    ) -> None:
        """Build the net with fresh weights; it answers with what it was given.

        Args:
            widths: channels of each level, the finest (half size) first; at least four.
            blocks: residual blocks, of two 3x3 convolutions each, of a level on the way down; on
                the way up there is one.
            neighbors: "channels" or "attention", how they bias the answer.
            memory: with attention, features of each neighbour.
            steer: numbers that say the time.
            spread: "one" takes r to be as uncertain everywhere; with "local" the net says how
                uncertain each pixel is, so that noise leaves at once what is certain.
            opaque: plate units; through damage that differs by more than this from the first fill
                nothing is seen, and the net is not shown it. None shows it all damage as it is.

        Raises:
            SettingsError: neighbors or spread is neither, or there are too few widths.
        """
        if spread not in ("one", "local"):
            raise SettingsError(f"A diffusing net's spread is 'one' or 'local', not '{spread}'.")
        super().__init__()
        if neighbors not in ("channels", "attention") or len(widths) < 4:
            raise SettingsError(
                f"A diffusing net has four widths or more and neighbors 'channels' or "
                f"'attention', not {list(widths)} and '{neighbors}'."
            )
        self.opaque = opaque
        self.multiple_of = STEM * 2 ** (len(widths) - 1)
        self.attends = neighbors == "attention"
        planes = _planes_without_neighbors() if self.attends else STEP_PLANES["diffuse-t5-v1"]
        self.enter = nn.Conv2d(planes * STEM * STEM, widths[0], 1)
        self.time = _Time(steer)
        self.down, self.shrink, self.grow, self.join, self.up = (nn.ModuleList() for _ in range(5))
        for level, width in enumerate(widths):
            if level:
                self.shrink.append(nn.Conv2d(widths[level - 1], width, 2, stride=2))
            self.down.append(nn.ModuleList(_Block(width, steer) for _ in range(blocks)))
        for level in range(len(widths) - 2, -1, -1):
            self.grow.append(nn.Conv2d(widths[level + 1], widths[level], 1))
            self.join.append(nn.Conv2d(2 * widths[level], widths[level], 1))
            self.up.append(_Block(widths[level], steer))
        if self.attends:
            self.memory = NeighborMemory(memory)
            self.attention = nn.ModuleList(
                NeighborAttention(width, memory) for width in widths[2:4]
            )
        _keep_size(self)
        for straight in (*self.grow, *self.join):
            nn.init.kaiming_normal_(straight.weight, nonlinearity="linear")
        self.leave = nn.Conv2d(widths[0], (_COLORS + len(OFFSETS) + 1) * STEM * STEM, 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]
        self.uncertain = nn.Conv2d(widths[0], STEM * STEM, 1) if spread == "local" else None
        if self.uncertain is not None:
            nn.init.zeros_(self.uncertain.weight)
            nn.init.zeros_(self.uncertain.bias)  # type: ignore[arg-type]

    def forward(self, planes: Tensor) -> Tensor:
        """(N, 3, H, W) estimate of r.

        Args:
            planes: (N, 33, H, W) float32; H and W multiples of `multiple_of`.
        """
        noised, seen = planes[:, :_COLORS], planes[:, _LATER:]
        first = seen[:, FIRST]
        beneath = self._beneath(seen[:, CENTER] - first)
        # The plane is constant.
        t = planes[:, _TIME : _TIME + 1, :1, :1]
        size = torch.rsqrt(((1 - t) * SPREAD) ** 2 + t * t)
        lent = seen[:, LENT] * RESIDUAL_SCALE
        if self.attends:
            given = [noised * size, first + beneath, first, seen[:, MATTE : MATTE + 1]]
            given.append(seen[:, NOISE:])
        else:
            given = [noised * size, planes[:, _TIME : _TIME + 1], first + beneath, first, lent]
            given.append(seen[:, MATTE:])
        memories = self.memory(lent, seen) if self.attends else None
        features = self._body(torch.cat(given, dim=1), self.time(t), memories)
        features = F.relu(features)
        through, made = shares_of_time(t, self._spread(features))
        found = F.pixel_shuffle(self.leave(features), STEM)
        answer = found[:, :_COLORS] * SPREAD
        for i in range(len(OFFSETS)):
            share = found[:, _COLORS + i : _COLORS + i + 1]
            answer = answer + share * lent[:, _COLORS * i : _COLORS * (i + 1)]
        share = found[:, _COLORS + len(OFFSETS) :]
        answer = answer + share * RESIDUAL_SCALE * beneath
        hole = (seen[:, MATTE : MATTE + 1] > 0).to(planes.dtype)
        return hole * (through * noised + made * answer)

    def _beneath(self, change: Tensor) -> Tensor:
        """What damage that one sees through differs by; less and less the more opaque it is."""
        if self.opaque is None:
            return change
        most = change.abs().amax(dim=1, keepdim=True) / self.opaque
        square = most * most
        return change / (1 + square * square)

    def _spread(self, features: Tensor) -> Tensor | float:
        """How far r may be from the answer."""
        if self.uncertain is None:
            return SPREAD
        more = F.pixel_shuffle(self.uncertain(features), STEM)
        return SPREAD * torch.exp(torch.clamp(more, _LEAST, _MOST))

    def _body(self, planes: Tensor, steer: Tensor, memories: Any) -> Tensor:
        features = folded(planes, self.enter, STEM)
        kept: list[Tensor] = []
        for level, blocks in enumerate(self.down):
            if level:
                features = self.shrink[level - 1](F.relu(features))
            for block in blocks:  # type: ignore[attr-defined]
                features = block(features, steer)
            if memories is not None and level in (2, 3):
                features = features + self.attention[level - 2](features, memories[level - 2])
            kept.append(features)
        for at, (grow, join, up) in enumerate(zip(self.grow, self.join, self.up, strict=True)):
            raised = F.interpolate(grow(features), scale_factor=2.0, mode="nearest")
            features = up(join(torch.cat([kept[-2 - at], raised], dim=1)), steer)
        return features


def shares_of_time(t: Tensor, spread: Tensor | float = SPREAD) -> tuple[Tensor, Tensor]:
    """How much of x_t goes through to the answer, and how much of the net's own: of t in 0..1.

    Best linear estimate of r, of that spread, from x_t; and how large what it misses is against r.
    """
    kept = (1 - t) * spread
    power = kept * kept + t * t
    return kept * spread / power, t * torch.rsqrt(power)


class _Block(nn.Module):
    """Two convolutions beside the way, the second steered by the time."""

    def __init__(self, width: int, steer: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.steer = nn.Conv2d(steer, 2 * width, 1)

    def forward(self, features: Tensor, steer: Tensor) -> Tensor:
        scale, shift = self.steer(steer).chunk(2, dim=1)
        beside = self.first(F.relu(features)) * (1 + scale) + shift
        sum_: Tensor = features + self.second(F.relu(beside))
        return sum_


class _Time(nn.Module):
    """(N, 1, 1, 1) time -> (N, steer, 1, 1)."""

    waves: Tensor

    def __init__(self, steer: int) -> None:
        super().__init__()
        along = torch.arange(_WAVES, dtype=torch.float32) / (_WAVES - 1)
        waves = math.pi * torch.exp(along * math.log(32.0)).view(1, -1, 1, 1)
        self.register_buffer("waves", waves, persistent=False)
        self.first = nn.Conv2d(2 * _WAVES, steer, 1)
        self.second = nn.Conv2d(steer, steer, 1)

    def forward(self, t: Tensor) -> Tensor:
        angles = t * self.waves
        waved = torch.cat([torch.sin(angles), torch.cos(angles)], dim=1)
        return F.relu(self.second(F.relu(self.first(waved))))


def _keep_size(net: nn.Module) -> None:
    """First weights with which signals neither fade nor grow, though nothing is normalised.

    He et al., "Delving deep into rectifiers", 2015; less at the end of ways beside the main one.
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, _Block):
                module.second.weight.mul_(0.3)
                module.steer.weight.mul_(0.1)


def _planes_without_neighbors() -> int:
    return STEP_PLANES["diffuse-t5-v1"] - 1 - (LENT.stop - LENT.start) - 2 * len(OFFSETS)
