"""The encoding of a picture: as a user names it, or as the file's attributes suggest it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from filmrestore_core.color import encoding as named
from filmrestore_core.color.channels import picture_channels
from filmrestore_core.color.encoding import Encoding, find_encoding, known_encoding
from filmrestore_core.errors import EncodingError
from filmrestore_core.frame import Part, PixelFormat

Suggestion = tuple[Encoding, str]

# DPX transfer and colorimetric characteristics, SMPTE ST 268 table 5A, by code.
_DPX_TRANSFER = (
    "User defined",
    "Printing density",
    "Linear",
    "Logarithmic",
    "Unspecified video",
    "SMPTE 274M",
    "ITU-R 709-4",
    "ITU-R 601-5 system B or G",
    "ITU-R 601-5 system M",
    "NTSC composite video",
    "PAL composite video",
)
_DPX_VIDEO = ("smpte 274m", "itu-r", "ntsc", "pal")

# Movie transfer names (H.273 code points as FFmpeg calls them) that are no alias already.
_MOVIE_TRANSFER = {
    "bt470m": named.GAMMA22,
    "bt470bg": named.GAMMA28,
    "iec61966-2-1": named.SRGB,
    "linear": named.SCENE_LINEAR,
    "smpte2084": named.PQ,
    "smpte428": named.GAMMA26,
    "arib-std-b67": named.HLG,
    "gamma22": named.GAMMA22,
    "gamma28": named.GAMMA28,
}
_MOVIE_VIDEO = frozenset(
    {"bt709", "smpte170m", "smpte240m", "bt2020-10", "bt2020-12", "iec61966-2-4", "bt1361e"}
)

# Chromaticities as EXR stores them: red, green, blue, white, each x, y.
_PRIMARIES = (
    (named.ACES2065_1, (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767)),
    (named.ACESCG, (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)),
    (named.LINEAR_REC709, (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)),
    (find_encoding("linear-rec2020"), (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329)),
    (find_encoding("linear-p3"), (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329)),
)


def choose_encoding(name: str, part: Part, source: Path | None = None) -> Suggestion:
    """The encoding a setting asks for: "auto" or "" reads it from the part, else by name.

    Raises:
        EncodingError: the name is unknown.
    """
    if name.strip().casefold() in {"", "auto"}:
        return suggest_encoding(part, source)
    return find_encoding(name), "as asked for"


def suggest_encoding(part: Part, source: Path | None = None) -> Suggestion:
    """The encoding that a part's attributes suggest, and why, as a short clause.

    A reason that begins with "assumed" is a guess that the user should see.

    Args:
        part: the part that holds the picture.
        source: the file it came from; only its ending is looked at.

    Raises:
        EncodingError: the part holds no picture.
    """
    channels = picture_channels(part)
    if channels is None:
        raise EncodingError(
            f"The part '{part.name}' holds no picture whose encoding could be told."
        )
    fmt = part.formats[channels.names[0]]
    ending = "" if source is None else source.suffix.casefold()
    keys = part.attributes.keys()
    if any(key.startswith("movie:") for key in keys):
        return _from_movie(part)
    if ending == ".dpx" or any(key.startswith("dpx:") for key in keys):
        return _from_dpx(part, fmt)
    if ending == ".cin" or any(key.startswith("cineon:") for key in keys):
        return named.CINEON, "a Cineon file is film log"
    return _from_tags(part) or _from_format(fmt)


def _from_movie(part: Part) -> Suggestion:
    name = str(part.attributes.get("movie:transfer", "")).casefold().replace("_", "-")
    if name in _MOVIE_VIDEO:
        return named.REC709, f"the movie is tagged '{name}'"
    found = _MOVIE_TRANSFER.get(name) or known_encoding(name)
    if found is not None:
        return found, f"the movie is tagged '{name}'"
    if name in {"log", "log-sqrt", "log100", "log316"}:
        return find_encoding("log"), f"the movie is tagged '{name}'"
    return named.REC709, "assumed video: the movie does not say its transfer"


def _dpx_text(value: Any) -> str:
    if isinstance(value, int | np.integer):
        code = int(value)
        return _DPX_TRANSFER[code] if 0 <= code < len(_DPX_TRANSFER) else "Undefined"
    return str(value or "Undefined")


def _from_dpx(part: Part, fmt: PixelFormat) -> Suggestion:
    transfer = _dpx_text(part.attributes.get("dpx:Transfer"))
    color = _dpx_text(part.attributes.get("dpx:Colorimetric"))
    for text in (transfer, color):
        plain = text.casefold()
        if plain == "printing density":
            return named.PRINTING_DENSITY, f"the DPX header says '{text}'"
        if plain == "logarithmic":
            return named.CINEON, f"the DPX header says '{text}'"
        if plain.startswith(_DPX_VIDEO):
            return named.REC709, f"the DPX header says '{text}'"
        if plain == "linear" and (fmt.is_float or fmt.bits >= 16):
            return named.SCENE_LINEAR, f"the DPX header says '{text}' at {fmt.bits} bits"
    said = f"the DPX header says '{transfer}' at {fmt.bits} bits"
    if fmt.is_float:
        return named.SCENE_LINEAR, f"assumed scene-linear: {said}"
    if fmt.bits <= 8:
        return named.REC709, f"assumed video: {said}"
    return named.PRINTING_DENSITY, f"assumed a film scan in log: {said}"


def _from_tags(part: Part) -> Suggestion | None:
    for key in ("colorInteropID", "oiio:ColorSpace"):
        value = part.attributes.get(key)
        found = known_encoding(value) if isinstance(value, str) else None
        if found is not None:
            return found, f"its color space reads '{value}'"
    if part.attributes.get("acesImageContainerFlag"):
        return named.ACES2065_1, "the file is an ACES container"
    stored = part.attributes.get("chromaticities")
    if stored is not None and len(stored) == 8:
        for encoding, corners in _PRIMARIES:
            if np.allclose(np.asarray(stored, np.float64), corners, rtol=0, atol=2e-3):
                return encoding, f"its chromaticities are those of {encoding.name}"
    return None


def _from_format(fmt: PixelFormat) -> Suggestion:
    if fmt.is_float:
        return named.SCENE_LINEAR, "floating-point samples without a tag are scene-linear"
    return named.SRGB, f"{fmt.bits}-bit samples without a tag are a display picture"
