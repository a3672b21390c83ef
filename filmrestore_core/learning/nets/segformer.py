"""A SegFormer-style net whose attention looks at pooled surroundings, not at the whole picture."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Cells on each side of a query's own cell whose pooled keys it looks at.
_HALO = 1


class SegFormerBody(nn.Module):
    """After Xie et al., "SegFormer", 2021: a hierarchy of attention, and a head of 1x1 layers.

    Overlapping 3x3 convolutions of stride 2 lead from stage to stage. As in SegFormer keys and
    values are reduced by a strided convolution; unlike there a query sees only the reduced keys
    of its own cell and the eight around it (blocks with a halo: Vaswani et al., "Scaling Local
    Self-Attention", 2021), so that the answer depends on nothing far away, and tiles that begin
    at multiples of `multiple_of` agree exactly. Behind the stem it reaches 98 px with one block in
    each of three stages, 130 px with a second one in the last. The head adds the features that
    came in, because damage is finer than the first stage.
    """

    def __init__(
        self,
        widths: Sequence[int] = (16, 32, 64, 96),
        blocks: Sequence[int] = (1, 1, 1),
        heads: Sequence[int] = (1, 2, 4),
        reductions: Sequence[int] = (2, 2, 1),
        expand: int = 2,
    ) -> None:
        """Build the body.

        Args:
            widths: channels that come in, then those of each stage.
            blocks: attention blocks of each stage.
            heads: of each stage's attention.
            reductions: side of a cell of each stage, tokens; a cell gives one key.
            expand: channels within a block's feed-forward layers over those outside.

        Raises:
            TypeError: the lists differ in length.
        """
        super().__init__()
        stages = len(widths) - 1
        if {len(blocks), len(heads), len(reductions)} != {stages}:
            raise TypeError(f"blocks, heads and reductions need {stages} entries each")
        sides = [2 ** (i + 1) * r for i, r in enumerate(reductions)]
        self.multiple_of = max(*sides, 2**stages)
        self.shrink = nn.ModuleList()
        self.stages = nn.ModuleList()
        self.gather = nn.ModuleList()
        for i in range(stages):
            inner, width = widths[i], widths[i + 1]
            self.shrink.append(nn.Conv2d(inner, width, 3, stride=2, padding=1))
            self.stages.append(
                nn.Sequential(
                    *(_Block(width, heads[i], reductions[i], expand) for _ in range(blocks[i])),
                    _ChannelNorm(width),
                )
            )
            self.gather.append(nn.Conv2d(width, widths[0], 1))
        self.near = nn.Conv2d(widths[0], widths[0], 3, padding=1)
        self.fuse = nn.Conv2d(widths[0] * (stages + 1), 2 * widths[0], 1)
        self.leave = nn.Conv2d(2 * widths[0], widths[0], 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """(N, widths[0], h, w) -> the same; h and w multiples of `multiple_of`."""
        found = [F.relu(self.near(features))]
        for i, (shrink, stage, gather) in enumerate(
            zip(self.shrink, self.stages, self.gather, strict=True)
        ):
            features = stage(shrink(features))
            found.append(
                F.interpolate(gather(features), scale_factor=2.0 ** (i + 1), mode="nearest")
            )
        return F.relu(self.leave(F.relu(self.fuse(torch.cat(found, dim=1)))))


class _Block(nn.Module):
    """Attention, then a feed-forward layer with a 3x3 convolution that tells where things are."""

    def __init__(self, width: int, heads: int, reduction: int, expand: int) -> None:
        super().__init__()
        self.norm = _ChannelNorm(width)
        self.attention = _CellAttention(width, heads, reduction)
        self.norm_mix = _ChannelNorm(width)
        wide = expand * width
        self.widen = nn.Conv2d(width, wide, 1)
        self.mix = nn.Conv2d(wide, wide, 3, padding=1, groups=wide)
        self.narrow = nn.Conv2d(wide, width, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attention(self.norm(tokens))
        mixed: Tensor = self.narrow(F.relu(self.mix(self.widen(self.norm_mix(tokens)))))
        return tokens + mixed


class _CellAttention(nn.Module):
    """Queries of a cell look at one key of each cell around."""

    copies: Tensor

    def __init__(self, width: int, heads: int, reduction: int) -> None:
        super().__init__()
        self.heads, self.side = heads, reduction
        self.query = nn.Conv2d(width, width, 1)
        self.reduce = nn.Conv2d(width, width, reduction, stride=reduction)
        self.key = nn.Conv2d(width, width, 1)
        self.value = nn.Conv2d(width, width, 1)
        self.leave = nn.Conv2d(width, width, 1)
        around = (2 * _HALO + 1) ** 2
        kernels = torch.eye(around).reshape(around, 1, 2 * _HALO + 1, 2 * _HALO + 1)
        self.register_buffer("copies", kernels.repeat(width, 1, 1, 1), persistent=False)
        # What a query prefers by place alone, as in Liu et al., "Swin Transformer", 2021.
        self.place = nn.Parameter(torch.zeros(1, around, heads, 1, reduction * reduction, 1, 1))

    def forward(self, tokens: Tensor) -> Tensor:
        count, width = tokens.shape[0], tokens.shape[1]
        inner, members = width // self.heads, self.side * self.side
        # (N, heads, inner, members of the cell, cells down, cells across)
        query = F.pixel_unshuffle(self.query(tokens), self.side) * inner**-0.5
        down, across = query.shape[2], query.shape[3]
        query = query.reshape(count, self.heads, inner, members, down, across)
        pooled = self.reduce(tokens)
        keys, values = self._around(self.key(pooled)), self._around(self.value(pooled))
        shape = (count, self.heads, inner, 1, down, across)
        likeness = torch.stack(
            [(query * key.reshape(shape)).sum(dim=2, keepdim=True) for key in keys], dim=1
        )
        weights = torch.softmax(likeness + self.place, dim=1)
        seen = weights[:, 0] * values[0].reshape(shape)
        for at in range(1, len(values)):
            seen = seen + weights[:, at] * values[at].reshape(shape)
        seen = seen.reshape(count, width * members, down, across)
        answer: Tensor = self.leave(F.pixel_shuffle(seen, self.side))
        return answer

    def _around(self, cells: Tensor) -> list[Tensor]:
        """Each cell's neighbours, itself among them; outside there is nothing."""
        width = cells.shape[1]
        # A convolution that copies exports as one plain operator, which padded slices do not.
        whole = F.conv2d(cells, self.copies, padding=_HALO, groups=width)
        around = (2 * _HALO + 1) ** 2
        whole = whole.reshape(cells.shape[0], width, around, whole.shape[2], whole.shape[3])
        return [whole[:, :, at] for at in range(around)]


class _ChannelNorm(nn.Module):
    """Layer normalisation over the channels of each place."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor) -> Tensor:
        normed: Tensor = self.norm(tokens.permute(0, 2, 3, 1))
        return normed.permute(0, 3, 1, 2)
