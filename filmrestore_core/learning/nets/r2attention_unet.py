"""R2 attention U-Net: recurrent residual convolutions, and gates on the skips."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from filmrestore_core.learning.nets.attention_unet import AttentionGate
from filmrestore_core.learning.nets.r2unet import R2UNetBody


class R2AttentionUNetBody(R2UNetBody):
    """`R2UNetBody` (Alom et al., 2018) with the gates of Oktay et al., "Attention U-Net", 2018."""

    def __init__(
        self, widths: Sequence[int] = (24, 48, 72), layers: int = 2, again: int = 2
    ) -> None:
        """Build the body; see `R2UNetBody`."""
        super().__init__(widths, layers, again)
        self.gate = nn.ModuleList(
            AttentionGate(widths[level], widths[level + 1])
            for level in range(len(widths) - 2, -1, -1)
        )

    def skip(self, index: int, skip: Tensor, coarser: Tensor) -> Tensor:
        """The skip, weighed by the coarser level."""
        weighed: Tensor = self.gate[index](skip, coarser)
        return weighed
