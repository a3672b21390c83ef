"""FilmPrior: an unconditional diffusion model of small pieces of undamaged, grainy film."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from filmrestore_core.errors import MissingExtraError, ModelContractError, SettingsError
from filmrestore_core.learning.training.checkpoint import NET_KEY, load_tensors

NAME = "film-prior"
# Pixels of a side that become channels: the net works at half the size.
FOLD = 2
_COLORS = 3
# The sinusoids of diffusers were made for a thousand steps.
_TIMES = 1000.0


class FilmPrior(nn.Module):
    """Flow matching (Lipman et al., arXiv 2210.02747): x_t = (1 - t) x + t eps.

    x is a picture in -1..1 (`scaled`), eps white noise of variance 1 and t in 0..1, 0 at the
    picture. The net gives the velocity eps - x, from which noise and picture follow. Its body is
    a UNet2DModel of diffusers, without attention: what is far away changes little.
    """

    def __init__(self, widths: Sequence[int] = (32, 64, 128), groups: int = 8) -> None:
        """Build the prior with fresh weights.

        Args:
            widths: channels of each level, the finest (half size) first.
            groups: of the group normalisation; a divisor of every width.

        Raises:
            MissingExtraError: diffusers is not installed.
            SettingsError: such a net cannot be built.
        """
        super().__init__()
        try:
            from diffusers import UNet2DModel
        except ImportError as error:
            raise MissingExtraError(
                "The film prior needs diffusers.", hint="pip install 'filmrestore[diffusion]'"
            ) from error
        levels = len(widths)
        channels = _COLORS * FOLD * FOLD
        self.multiple_of = FOLD * 2 ** (levels - 1)
        try:
            # Typed or not, as diffusers is installed or not.
            make: Any = UNet2DModel
            self.unet: Any = make(
                in_channels=channels,
                out_channels=channels,
                block_out_channels=tuple(widths),
                layers_per_block=1,
                norm_num_groups=groups,
                down_block_types=("DownBlock2D",) * levels,
                up_block_types=("UpBlock2D",) * levels,
                add_attention=False,
            )
        except ValueError as error:
            raise SettingsError(f"No prior has widths {widths} in {groups} groups: {error}.") from (
                error
            )

    def forward(self, noised: Tensor, t: Tensor) -> Tensor:
        """(N, 3, H, W) velocity eps - x.

        Args:
            noised: (N, 3, H, W) float32, x_t; H and W multiples of `multiple_of`.
            t: (N,) float32 in 0..1.
        """
        return self._walk(noised, t)[0]

    def predict_noise(self, noised: Tensor, t: Tensor) -> Tensor:
        """(N, 3, H, W): the noise eps that the net sees in x_t. Arguments as for `forward`."""
        return self.noise_and_features(noised, t)[0]

    def predict_picture(self, noised: Tensor, t: Tensor) -> Tensor:
        """(N, 3, H, W) in -1..1: the picture that it sees. Arguments as for `forward`."""
        picture: Tensor = noised - _beside(t) * self(noised, t)
        return picture

    def features(self, noised: Tensor, t: Tensor) -> Tensor:
        """(N, widths[-1], H / multiple_of, W / multiple_of): what leaves the mid block.

        Nothing above it is computed. Arguments as for `forward`.
        """
        return self._descend(noised, t)[0]

    def noise_and_features(self, noised: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """`predict_noise` and `features` in one go."""
        velocity, features = self._walk(noised, t)
        return noised + (1 - _beside(t)) * velocity, features

    def _walk(self, noised: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        features, kept, emb = self._descend(noised, t)
        body = self.unet
        x = features
        for up in body.up_blocks:
            count = len(up.resnets)
            kept, skips = kept[:-count], kept[-count:]
            x = up(x, skips, emb)
        x = body.conv_out(body.conv_act(body.conv_norm_out(x)))
        return F.pixel_shuffle(x, FOLD), features

    def _descend(self, noised: Tensor, t: Tensor) -> tuple[Tensor, tuple[Tensor, ...], Tensor]:
        """UNet2DModel.forward as far as its mid block."""
        body = self.unet
        emb = body.time_embedding(body.time_proj(t * _TIMES).to(noised.dtype))
        x = body.conv_in(F.pixel_unshuffle(noised, FOLD))
        kept: tuple[Tensor, ...] = (x,)
        for down in body.down_blocks:
            x, skips = down(hidden_states=x, temb=emb)
            kept += tuple(skips)
        return body.mid_block(x, emb), kept, emb


def scaled(pictures: Tensor) -> Tensor:
    """Plate units (display-coded, 0..1) to the -1..1 that the prior knows."""
    return 2 * pictures - 1


def noised(pictures: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """x_t of pictures in -1..1, noise of variance 1 (both (N, 3, H, W)) and t (N,)."""
    return (1 - _beside(t)) * pictures + _beside(t) * noise


def open_prior(path: Path) -> FilmPrior:
    """A trained prior, frozen: its weights ask for no gradient, what it is shown may.

    Args:
        path: best.safetensors of `filmrestore train prior`.

    Raises:
        ModelContractError: the file cannot be read, or is no prior's.
        MissingExtraError: diffusers or safetensors is not installed.
    """
    tensors, facts = load_tensors(path)
    spec = facts.get(NET_KEY)
    if not isinstance(spec, dict) or spec.get("net") != NAME:
        raise ModelContractError(
            f"'{path}' holds {spec}, not a film prior.",
            path=path,
            hint="filmrestore train prior makes one",
        )
    prior = build_prior(spec)
    try:
        prior.load_state_dict(tensors)
    except RuntimeError as error:
        first = " ".join(str(error).split())[:300]
        raise ModelContractError(
            f"'{path}' holds the weights of another net: {first}.", path=path
        ) from error
    return prior.requires_grad_(False).eval()


def build_prior(spec: dict[str, Any]) -> FilmPrior:
    """A prior with fresh weights, from its description: "net": "film-prior", and arguments.

    Raises:
        SettingsError: it takes no such arguments.
        MissingExtraError: diffusers is not installed.
    """
    rest = {key: value for key, value in spec.items() if key != "net"}
    try:
        return FilmPrior(**rest)
    except TypeError as error:
        raise SettingsError(f"Net '{NAME}' cannot be built with {rest}: {error}.") from error


def _beside(t: Tensor) -> Tensor:
    return t.view(-1, 1, 1, 1)
