"""A Restormer-style net: attention among channels, so that every place sees the whole crop."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class RestormerBody(nn.Module):
    """After Zamir et al., "Restormer", 2022: down and up with skips, of transposed attention.

    Channels attend to channels: likeness of two channels is their product summed over *all*
    places of the crop. What a place gets therefore depends on everything in the crop, and on how
    the crop was cut: unlike the other nets, this one is for crops of one rule around each hole and
    never for tiles of a picture. As in "DiffIR" (Xia et al., 2023) a code may steer each block: it
    scales and shifts what a block has normalised.
    """

    normalized = True

    def __init__(
        self,
        widths: Sequence[int] = (24, 48, 72),
        blocks: Sequence[int] = (1, 1, 2),
        heads: Sequence[int] = (1, 2, 3),
        expand: float = 1.5,
        code: int = 0,
    ) -> None:
        """Build the body.

        Args:
            widths: channels of each level, the finest first.
            blocks: of each level on the way down; on the way up there is one.
            heads: of each level's attention.
            expand: channels within a block's feed-forward layers over those outside.
            code: numbers that steer the blocks; 0 for none.

        Raises:
            TypeError: the lists differ in length.
        """
        super().__init__()
        if {len(blocks), len(heads)} != {len(widths)}:
            raise TypeError(f"blocks and heads need {len(widths)} entries each")
        self.multiple_of = 2 ** (len(widths) - 1)
        self.down = nn.ModuleList()
        self.shrink = nn.ModuleList()
        self.grow = nn.ModuleList()
        self.join = nn.ModuleList()
        self.up = nn.ModuleList()
        for level, width in enumerate(widths):
            if level:
                self.shrink.append(nn.Conv2d(widths[level - 1], width, 2, stride=2))
            self.down.append(
                nn.ModuleList(
                    TransposedBlock(width, heads[level], expand, code) for _ in range(blocks[level])
                )
            )
        for level in range(len(widths) - 2, -1, -1):
            width = widths[level]
            self.grow.append(nn.Conv2d(widths[level + 1], width, 1))
            self.join.append(nn.Conv2d(2 * width, width, 1))
            self.up.append(TransposedBlock(width, heads[level], expand, code))

    def forward(self, features: Tensor, code: Tensor | None = None) -> Tensor:
        """(N, widths[0], h, w) -> the same.

        Args:
            features: h and w multiples of `multiple_of`.
            code: (N, code) if the body was built for one.
        """
        kept = []
        for level, blocks in enumerate(self.down):
            if level:
                features = self.shrink[level - 1](features)
            for block in blocks:  # type: ignore[attr-defined]
                features = block(features, code)
            kept.append(features)
        for index, (grow, join, up) in enumerate(zip(self.grow, self.join, self.up, strict=True)):
            skip = kept[len(kept) - 2 - index]
            raised = F.interpolate(grow(features), scale_factor=2.0, mode="nearest")
            features = up(join(torch.cat([skip, raised], dim=1)), code)
        return features


class TransposedBlock(nn.Module):
    """Multi-Dconv head transposed attention (MDTA), then a gated-Dconv feed-forward layer."""

    def __init__(self, width: int, heads: int, expand: float, code: int) -> None:
        """Build the block.

        Args:
            width: channels.
            heads: of the attention; a divisor of width.
            expand: channels within the feed-forward layer over width.
            code: numbers that steer it; 0 for none.

        Raises:
            TypeError: width is not a multiple of heads.
        """
        super().__init__()
        if width % heads:
            raise TypeError(f"{width} channels cannot be shared by {heads} heads")
        self.heads = heads
        inner = round(expand * width)
        self.norm_attention = _SteeredNorm(width, code)
        self.ask = nn.Conv2d(width, 3 * width, 1)
        self.ask_around = nn.Conv2d(3 * width, 3 * width, 3, padding=1, groups=3 * width)
        self.sharpness = nn.Parameter(torch.ones(1, heads, 1, 1))
        self.answer = nn.Conv2d(width, width, 1)
        self.norm_mix = _SteeredNorm(width, code)
        self.widen = nn.Conv2d(width, 2 * inner, 1)
        self.mix = nn.Conv2d(2 * inner, 2 * inner, 3, padding=1, groups=2 * inner)
        self.narrow = nn.Conv2d(inner, width, 1)

    def forward(self, features: Tensor, code: Tensor | None = None) -> Tensor:
        """(N, width, h, w) -> the same, steered by (N, code) if there is one."""
        features = features + self._attend(self.norm_attention(features, code))
        gate, passed = self.mix(self.widen(self.norm_mix(features, code))).chunk(2, dim=1)
        mixed: Tensor = self.narrow(F.gelu(gate) * passed)
        return features + mixed

    def _attend(self, features: Tensor) -> Tensor:
        count, width, high, wide = features.shape
        shape = (count, self.heads, width // self.heads, high * wide)
        query, key, value = self.ask_around(self.ask(features)).chunk(3, dim=1)
        query = F.normalize(query.reshape(shape), dim=-1)
        key = F.normalize(key.reshape(shape), dim=-1)
        weights = torch.softmax((query @ key.transpose(-2, -1)) * self.sharpness, dim=-1)
        seen = (weights @ value.reshape(shape)).reshape(count, width, high, wide)
        answer: Tensor = self.answer(seen)
        return answer


class _SteeredNorm(nn.Module):
    """Layer normalisation over the channels of each place; a code scales and shifts its result."""

    def __init__(self, width: int, code: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1, width, 1, 1))
        self.bias = nn.Parameter(torch.zeros(1, width, 1, 1))
        self.steer = nn.Linear(code, 2 * width) if code else None

    def forward(self, features: Tensor, code: Tensor | None) -> Tensor:
        centered = features - features.mean(dim=1, keepdim=True)
        spread = (centered * centered).mean(dim=1, keepdim=True)
        # Large enough that half floats and other processors see the same where channels agree.
        normed = centered * torch.rsqrt(spread + 1e-3) * self.weight + self.bias
        if self.steer is None or code is None:
            return normed
        scale, shift = self.steer(code)[:, :, None, None].chunk(2, dim=1)
        steered: Tensor = normed * (1 + scale) + shift
        return steered
