"""Encoding: what a picture's code values mean, by name."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from enum import StrEnum

from filmrestore_core.color import transfer
from filmrestore_core.color.transfer import Curve
from filmrestore_core.errors import EncodingError


class EncodingKind(StrEnum):
    """How code values go with light."""

    LOG = "log"
    DISPLAY = "display"
    SCENE_LINEAR = "scene-linear"


@dataclass(frozen=True, slots=True)
class Encoding:
    """What the code values of a picture mean.

    Only the kind changes a pixel: log and display encodings are perceptually even and are worked
    on as they are, scene-linear goes through the working curve. Primaries are never converted,
    so they are no more than a name here.

    Attributes:
        name: the name users type and reports show.
        kind: log, display or scene-linear.
        description: one line for a list.
        aliases: other names understood; case, spaces and punctuation do not matter.
        curve: code value <-> linear light, where known; used for pictures in reports only.
    """

    name: str
    kind: EncodingKind
    description: str
    aliases: tuple[str, ...] = ()
    curve: Curve | None = None

    @property
    def is_linear(self) -> bool:
        """True where code values are proportional to light."""
        return self.kind is EncodingKind.SCENE_LINEAR


def _linear(name: str, description: str, *aliases: str) -> Encoding:
    return Encoding(name, EncodingKind.SCENE_LINEAR, description, aliases, transfer.LINEAR)


def _log(name: str, description: str, *aliases: str, curve: Curve | None = None) -> Encoding:
    return Encoding(name, EncodingKind.LOG, description, aliases, curve)


def _display(name: str, description: str, *aliases: str, curve: Curve | None = None) -> Encoding:
    return Encoding(name, EncodingKind.DISPLAY, description, aliases, curve)


SCENE_LINEAR = _linear(
    "scene-linear", "Proportional to light, any primaries", "linear", "lin", "linear light"
)
ACES2065_1 = _linear(
    "aces2065-1",
    "Scene-linear with AP0 primaries (ACES archive)",
    "aces",
    "ap0",
    "lin_ap0",
    "lin_ap0_scene",
    "aces - aces2065-1",
)
ACESCG = _linear(
    "acescg",
    "Scene-linear with AP1 primaries",
    "ap1",
    "lin_ap1",
    "lin_ap1_scene",
    "aces - acescg",
)
LINEAR_REC709 = _linear(
    "linear-rec709",
    "Scene-linear with Rec.709 / sRGB primaries",
    "lin_rec709",
    "lin_rec709_scene",
    "lin_srgb",
    "linear srgb",
    "linear rec.709 (srgb)",
    "scene-linear rec.709-srgb",
)
PRINTING_DENSITY = _log(
    "printing-density",
    "Film scan, 0.002 printing density per 10-bit code",
    "log",
    "logarithmic",
    "film-log",
    "dpx log",
    "cpd",
    curve=transfer.CINEON,
)
CINEON = _log(
    "cineon",
    "Cineon film log, black at code 95, white at 685",
    "kodaklog",
    "cineon log",
    "lg10",
    curve=transfer.CINEON,
)
SRGB = _display(
    "srgb",
    "sRGB display picture (TIFF, PNG, JPEG)",
    "srgb_rec709_scene",
    "srgb_rec709_display",
    "srgb - texture",
    "srgb - display",
    "srgb encoded rec.709 (srgb)",
    "iec61966-2-1",
    curve=transfer.SRGB,
)
REC709 = _display(
    "rec709",
    "Video for a Rec.709 display (BT.1886, gamma 2.4)",
    "bt709",
    "rec.709",
    "bt1886",
    "rec1886",
    "video",
    "gamma2.4",
    "g24",
    "g24_rec709_display",
    "rec.1886 rec.709 - display",
    curve=transfer.BT1886,
)
GAMMA22 = _display(
    "gamma2.2",
    "Display picture with gamma 2.2",
    "g22",
    "g22_rec709_scene",
    "bt470m",
    "gamma22",
    curve=transfer.gamma_curve(2.2, "gamma 2.2"),
)
GAMMA26 = _display(
    "gamma2.6",
    "Digital cinema picture with gamma 2.6",
    "g26",
    "dci",
    "dci-p3",
    "p3-dci",
    "smpte428",
    curve=transfer.gamma_curve(2.6, "gamma 2.6"),
)
GAMMA28 = _display(
    "gamma2.8",
    "Video of older PAL systems, gamma 2.8",
    "bt470bg gamma",
    "gamma28",
    curve=transfer.gamma_curve(2.8, "gamma 2.8"),
)
PQ = _display("pq", "HDR display picture, SMPTE ST 2084", "st2084", "smpte2084", "hdr10")
HLG = _display("hlg", "HDR display picture, hybrid log-gamma", "arib-std-b67")
RAW = _display("raw", "Code values as they are, nothing assumed", "data", "none", "utility - raw")

_ALL: tuple[Encoding, ...] = (
    SCENE_LINEAR,
    ACES2065_1,
    ACESCG,
    LINEAR_REC709,
    _linear("linear-p3", "Scene-linear with P3 primaries", "lin_p3d65", "linear p3-d65"),
    _linear("linear-rec2020", "Scene-linear with Rec.2020 primaries", "lin_rec2020"),
    CINEON,
    PRINTING_DENSITY,
    _log("acescct", "ACEScct grading log", "aces - acescct", curve=transfer.ACESCCT),
    _log("acescc", "ACEScc grading log", "aces - acescc", curve=transfer.ACESCC),
    _log("adx10", "ACES density, 10 bits", "adx"),
    _log("adx16", "ACES density, 16 bits"),
    _log("logc3", "ARRI LogC3 (Alexa)", "logc", "alexa", "arri logc3", "arri logc3 (ei800)"),
    _log("logc4", "ARRI LogC4 (Alexa 35)", "arri logc4"),
    _log("slog2", "Sony S-Log2", "s-log2"),
    _log("slog3", "Sony S-Log3", "s-log3", "s-log3 s-gamut3", "s-log3 s-gamut3.cine"),
    _log("vlog", "Panasonic V-Log", "v-log", "v-log v-gamut"),
    _log("clog2", "Canon Log 2", "canonlog2", "canonlog2 cinemagamut d55"),
    _log("clog3", "Canon Log 3", "canonlog3", "canonlog3 cinemagamut d55"),
    _log("log3g10", "RED Log3G10", "redlog3g10", "log3g10 redwidegamutrgb"),
    _log("bmdfilm", "Blackmagic Film generation 5", "bmdfilm widegamut gen5", "bmd film"),
    _log("davinci-intermediate", "DaVinci Intermediate", "davinci intermediate widegamut"),
    _log("apple-log", "Apple Log"),
    SRGB,
    REC709,
    GAMMA22,
    GAMMA26,
    GAMMA28,
    PQ,
    HLG,
    RAW,
)

# First words of the Color Interop Forum's identifiers ("lin_ap1_scene", "g22_rec709_display").
_INTEROP_CURVES = {
    "lin": SCENE_LINEAR,
    "srgb": SRGB,
    "g22": GAMMA22,
    "g24": REC709,
    "g26": GAMMA26,
    "pq": PQ,
    "hlg": HLG,
}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _by_plain_name() -> dict[str, Encoding]:
    table: dict[str, Encoding] = {}
    for encoding in _ALL:
        for name in (encoding.name, *encoding.aliases):
            if table.setdefault(_plain(name), encoding) is not encoding:
                raise ValueError(f"The encoding name '{name}' is given twice.")
    return table


_NAMES = _by_plain_name()


def encodings() -> list[Encoding]:
    """All encodings, in the order of a list for users."""
    return list(_ALL)


def known_encoding(name: str) -> Encoding | None:
    """The encoding of that name, alias or Color Interop identifier, or None."""
    found = _NAMES.get(_plain(name))
    if found is None and re.fullmatch(r"\w+_(scene|display)", name.strip().casefold()):
        found = _INTEROP_CURVES.get(name.strip().casefold().split("_")[0])
    return found


def find_encoding(name: str) -> Encoding:
    """The encoding a user named.

    Raises:
        EncodingError: the name is unknown; says the nearest one.
    """
    found = known_encoding(name)
    if found is not None:
        return found
    near = difflib.get_close_matches(_plain(name), list(_NAMES), n=1, cutoff=0.5)
    hint = f"did you mean '{_NAMES[near[0]].name}'?" if near else "see the list of encodings"
    raise EncodingError(f"'{name}' is no encoding that is known here.", hint=hint)
