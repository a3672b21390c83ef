"""A net as the graph that its card promises: one input, one output, nothing left to chance."""

from __future__ import annotations

from enum import StrEnum

import torch
from torch import Tensor, nn

from filmrestore_core.errors import ModelContractError
from filmrestore_core.models.card import ModelCard


class Activation(StrEnum):
    """What turns a net's answer into what the card promises."""

    NONE = "none"  # the net gives scores, or a picture
    SIGMOID = "sigmoid"  # the net gives logits


class PromisedNet(nn.Module):
    """A net in evaluation mode, in float32, with its activation inside."""

    def __init__(self, net: nn.Module, activation: Activation = Activation.NONE) -> None:
        super().__init__()
        self.net = net.float()
        self.activation = activation
        # As a whole: an exporter puts the mode that it found back into every part.
        self.eval()

    def forward(self, planes: Tensor) -> Tensor:
        """(1, P, H, W) float32 -> (1, K, H, W) float32."""
        given: Tensor = self.net(planes)
        return torch.sigmoid(given) if self.activation is Activation.SIGMOID else given


def promised(
    net: nn.Module, card: ModelCard, activation: Activation = Activation.NONE
) -> PromisedNet:
    """The net, once it has shown on two sizes that it takes and gives what the card says.

    Raises:
        ModelContractError: it takes other planes, or gives another shape, type or range.
    """
    wrapped = PromisedNet(net, activation)
    spec = card.outputs[0]
    for height, width in export_sizes(card)[:2]:
        planes = torch.zeros(1, card.inputs[0].channels, height, width)
        try:
            with torch.inference_mode():
                given = wrapped(planes)
        except (RuntimeError, ValueError) as error:
            raise ModelContractError(
                f"{card.name}: the net does not take planes of shape {tuple(planes.shape)}: "
                f"{str(error).splitlines()[0]}."
            ) from error
        wanted = (1, spec.channels, height, width)
        if tuple(given.shape) != wanted or given.dtype != torch.float32:
            raise ModelContractError(
                f"{card.name}: the net gives {tuple(given.shape)} in {given.dtype}, its card "
                f"promises {wanted} in float32."
            )
        if not torch.isfinite(given).all():
            raise ModelContractError(f"{card.name}: the net gives values that are not finite.")
        if spec.range is not None:
            low, high = float(given.min()), float(given.max())
            if low < spec.range[0] or high > spec.range[1]:
                raise ModelContractError(
                    f"{card.name}: the net gives {low:g} to {high:g}, its card promises "
                    f"{spec.range[0]:g} to {spec.range[1]:g}; are its answers logits?"
                )
    return wrapped


def export_sizes(card: ModelCard) -> tuple[tuple[int, int], ...]:
    """A few sizes (H, W) that a card allows: the smallest, uneven ones, none larger than a tile."""
    step = card.size.multiple_of
    least = -(-max(card.size.minimum, 2 * step, 16) // step) * step
    sides = ((least, least), (least + step, least + 3 * step), (least + 4 * step, least))
    return tuple(dict.fromkeys(sides))


def reach_of(net: nn.Module, card: ModelCard) -> int | None:
    """How far a pixel's answer depends on what lies around it, in pixels.

    A block of the size's multiple is made NaN, which every operator hands on; how far it has
    spread in the answer is the reach, whatever the weights.

    Returns:
        The reach where it is at most the card's overlap, so that tiles leave no seams; None where
        it is more.
    """
    step, overlap = card.size.multiple_of, card.tiles.overlap
    least = -(-card.size.minimum // step)
    blocks = max(2 * (overlap // step + 1) + 1, least)
    planes = torch.zeros(1, card.inputs[0].channels, blocks * step, blocks * step)
    first = blocks // 2 * step
    planes[:, :, first : first + step, first : first + step] = torch.nan
    with torch.inference_mode():
        touched = torch.isnan(net(planes)[0]).any(dim=0)
    reach = 0
    for along in (0, 1):
        lines = torch.nonzero(touched.any(dim=along)).flatten()
        if len(lines):
            reach = max(reach, first - int(lines[0]), int(lines[-1]) - (first + step - 1))
    return reach if reach <= overlap else None
