"""A net from its description, which is what checkpoints and cards carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from filmrestore_core.errors import SettingsError
from filmrestore_core.inpaint.planes import FILL_PLANES
from filmrestore_core.inpaint.sampler import STEP_PLANES
from filmrestore_core.learning.nets import mark_net
from filmrestore_core.learning.nets.attention_unet import AttentionUNetBody
from filmrestore_core.learning.nets.diffir import DiffIRNet
from filmrestore_core.learning.nets.diffusing import DiffusingNet
from filmrestore_core.learning.nets.filling import FillingNet, begin_evenly
from filmrestore_core.learning.nets.r2attention_unet import R2AttentionUNetBody
from filmrestore_core.learning.nets.r2unet import R2UNetBody
from filmrestore_core.learning.nets.restormer import RestormerBody
from filmrestore_core.learning.nets.segformer import SegFormerBody
from filmrestore_core.learning.nets.shell import SegmentingNet
from filmrestore_core.learning.nets.unet import UNetBody
from filmrestore_core.learning.prior import film_prior
from filmrestore_core.matte import DETECTED_CLASSES
from filmrestore_core.segment.planes import PLANES

_BODIES: dict[str, Callable[..., nn.Module]] = {
    "unet": UNetBody,
    "attention-unet": AttentionUNetBody,
    "r2unet": R2UNetBody,
    "r2attention-unet": R2AttentionUNetBody,
    "segformer": SegFormerBody,
}
# These see the whole crop, which a segmenter, run on tiles, must not.
_CROP_BODIES: dict[str, Callable[..., nn.Module]] = {"restormer": RestormerBody}
_CROP_NETS: dict[str, Callable[..., nn.Module]] = {"diffir": DiffIRNet}
_STEP_NETS: dict[str, Callable[..., nn.Module]] = {"diffusing-unet": DiffusingNet}


def net_names() -> tuple[str, ...]:
    """Names of the segmenting nets."""
    return tuple(_BODIES)


def filling_names() -> tuple[str, ...]:
    """Names of the nets that fill holes."""
    return (*_BODIES, *_CROP_BODIES, *_CROP_NETS)


def build_net(spec: dict[str, Any]) -> nn.Module:
    """A net with fresh weights.

    Args:
        spec: "net": a name of `net_names` or, for a filling net, of `filling_names`; "planes": a
            key of PLANES for a segmenting net, of FILL_PLANES for a filling one, of STEP_PLANES
            for "diffusing-unet"; "widths" and further arguments of the net's body. A film prior
            ("film-prior") and a net that judges marks ("mark-net") have no planes.

    Raises:
        SettingsError: there is no such net, or it takes no such arguments.
    """
    if spec.get("net") == film_prior.NAME:
        return film_prior.build_prior(spec)
    rest = dict(spec)
    if spec.get("net") == mark_net.NAME:
        del rest["net"]
        return _made({mark_net.NAME: mark_net.MarkNet}, mark_net.NAME, rest)
    name, planes = rest.pop("net", None), rest.pop("planes", None)
    begin = rest.pop("begin", None)
    widths = rest.get("widths", (24, 48, 72))
    if planes in FILL_PLANES:
        count = FILL_PLANES[planes]
        if name in _CROP_NETS:
            return _made(_CROP_NETS, name, {"planes": count, **rest})
        body = _made({**_BODIES, **_CROP_BODIES}, name, rest)
        return FillingNet(body, count, int(widths[0]))
    if planes in PLANES:
        body = _made(_BODIES, name, rest)
        net = SegmentingNet(body, PLANES[planes], int(widths[0]), len(DETECTED_CLASSES))
        if begin is not None:
            _begin(net, begin)
        return net
    if planes in STEP_PLANES:
        return _made(_STEP_NETS, name, rest)
    known = ", ".join((*PLANES, *FILL_PLANES, *STEP_PLANES))
    raise SettingsError(f"There are no planes called '{planes}'.", hint=f"known are {known}")


def _begin(net: SegmentingNet, how: Any) -> None:
    if how != "evenly":
        raise SettingsError(f"A net cannot begin '{how}'.", hint="known is evenly")
    begin_evenly(net.enter)
    begin_evenly(net.body)


def _made(
    known: Mapping[str, Callable[..., nn.Module]], name: Any, rest: dict[str, Any]
) -> nn.Module:
    if name not in known:
        raise SettingsError(
            f"There is no net called '{name}'.", hint=f"known are {', '.join(known)}"
        )
    try:
        return known[name](**rest)
    except TypeError as error:
        raise SettingsError(f"Net '{name}' cannot be built with {rest}: {error}.") from error
