"""Which codec a movie is written with, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from filmrestore_core.errors import LockedFrameError, SettingsError
from filmrestore_core.media.movie_facts import EncodeSpec, MovieFacts
from filmrestore_core.media.movie_file import encoder_formats
from filmrestore_core.media.movie_samples import can_change
from filmrestore_core.media.pixel_layout import PixelLayout, layout_of, layout_that_holds

CONTAINERS = {".mkv": "matroska", ".mov": "mov"}

# ProRes by the four characters that stand in the file: profile number of prores_ks.
_PRORES = {"apco": "0", "apcs": "1", "apcn": "2", "apch": "3", "ap4h": "4", "ap4x": "5"}


@dataclass(frozen=True, slots=True)
class MovieCodec:
    """A codec whose frames stand alone.

    Attributes:
        name: as the user writes it.
        encoder: libavcodec's name of the encoder.
        decoder: libavcodec's name of the decoder.
        extensions: of the containers that hold it.
        exact: every sample comes back as it was given.
        options: of the encoder, for a picture of that layout and source.
        caveat: what is lost; "" where nothing is.
    """

    name: str
    encoder: str
    decoder: str
    extensions: tuple[str, ...]
    exact: bool
    options: Callable[[PixelLayout, MovieFacts], dict[str, str]]
    caveat: str = ""


@dataclass(frozen=True, slots=True)
class WritePlan:
    """How a movie is written.

    Attributes:
        codec: the codec.
        spec: for the encoder.
        source: layout of the source's pictures.
        layout: layout given to the encoder.
        copies: frames nobody changed are taken over as the source holds them, compressed.
        notes: what the user should know.
    """

    codec: MovieCodec
    spec: EncodeSpec
    source: PixelLayout
    layout: PixelLayout
    copies: bool
    notes: tuple[str, ...]


def _ffv1(layout: PixelLayout, facts: MovieFacts) -> dict[str, str]:
    area = facts.width * facts.height
    # Version 3 with checksums and every frame alone, as archives keep it. More slices let more
    # threads work; four need two pixels each way.
    slices = "4" if area < 1 << 19 else "16" if area < 1 << 22 else "30"
    options = {"level": "3", "coder": "1", "context": "0", "g": "1", "slicecrc": "1"}
    return options | ({"slices": slices} if min(facts.width, facts.height) >= 8 else {})


def _prores(layout: PixelLayout, facts: MovieFacts) -> dict[str, str]:
    full = layout.chroma == (1, 1)
    profile = _PRORES.get(facts.codec_tag, "") if facts.codec == "prores" else ""
    if (profile in ("4", "5")) != full or not profile:
        profile = "4" if full else "3"
    options = {"profile": profile, "vendor": "apl0"}
    if "A" in layout.places:
        options["alpha_bits"] = "16"
    if facts.is_interlaced:
        options["flags"] = "+ildct"
    return options


def _dnxhr(layout: PixelLayout, facts: MovieFacts) -> dict[str, str]:
    if layout.chroma == (1, 1):
        return {"profile": "dnxhr_444"}
    return {"profile": "dnxhr_hqx" if layout.bits > 8 else "dnxhr_hq"}


_LOSSY = "{name} is lossy: in restored frames samples outside the matte change slightly too"

CODECS: Mapping[str, MovieCodec] = {
    codec.name: codec
    for codec in (
        MovieCodec("ffv1", "ffv1", "ffv1", (".mkv",), True, _ffv1),
        MovieCodec("prores", "prores_ks", "prores", (".mov", ".mkv"), False, _prores, _LOSSY),
        MovieCodec("dnxhr", "dnxhd", "dnxhd", (".mov",), False, _dnxhr, _LOSSY),
        MovieCodec(
            "v210", "v210", "v210", (".mov",), False, lambda layout, facts: {},
            "{name} keeps codes 4 to 1019; what lies beyond is clipped in restored frames",
        ),
    )
}  # fmt: skip


def choose_codec(
    target: Path,
    facts: MovieFacts,
    *,
    rate: Fraction,
    time_base: Fraction,
    copyable: bool,
    name: str = "auto",
) -> WritePlan:
    """Decide how a movie is written.

    "auto" is FFV1 for .mkv, which keeps every sample, and ProRes for .mov, which FFV1 has no place
    in.

    Args:
        target: the movie to write; its extension says the container.
        facts: of the source.
        rate: frames per second for the header.
        time_base: seconds in a tick of the frames' times.
        copyable: each of the source's frames stands alone.
        name: "auto" or a name in CODECS.

    Raises:
        SettingsError: no such codec, container, or not together, or it cannot hold these pictures.
        LockedFrameError: the source's pixel format is not known.
    """
    extension = target.suffix.casefold()
    if extension not in CONTAINERS:
        raise SettingsError(
            f"Movies are not written as '{target.suffix}'.", hint="write .mkv or .mov"
        )
    if name == "auto":
        name = "ffv1" if extension == ".mkv" else "prores"
    codec = CODECS.get(name)
    if codec is None:
        raise SettingsError(
            f"There is no codec '{name}'.", hint=f"choose one of {', '.join(CODECS)}"
        )
    if extension not in codec.extensions:
        raise SettingsError(
            f"{codec.name} is not written to {extension}.",
            hint=f"use {' or '.join(codec.extensions)}",
        )
    source = layout_of(facts.pix_fmt)
    if source is None:
        raise LockedFrameError(
            f"'{facts.path.name}' has pixel format '{facts.pix_fmt}', which cannot be edited.",
            path=facts.path,
        )
    layout = _layout_for(codec, source, facts)
    spec = EncodeSpec(
        encoder=codec.encoder,
        decoder=codec.decoder,
        container=CONTAINERS[extension],
        pix_fmt=layout.name,
        width=facts.width,
        height=facts.height,
        options=codec.options(layout, facts),
        rate=rate,
        time_base=time_base,
        tags=facts.tags,
        pixel_aspect=facts.pixel_aspect,
        field_order=facts.field_order,
    )
    same_stream = facts.codec == codec.decoder and _same_profile(codec, spec, facts)
    # FFV1's frames lean on the header of their own file.
    copies = copyable and same_stream and codec.name != "ffv1"
    return WritePlan(codec, spec, source, layout, copies, _notes(codec, source, layout, copies))


def _layout_for(codec: MovieCodec, source: PixelLayout, facts: MovieFacts) -> PixelLayout:
    formats = encoder_formats(codec.encoder)
    layout = layout_that_holds(source, formats)
    if layout is None and not codec.exact:
        near = (found for found in map(layout_of, formats) if found is not None)
        candidates = [f for f in near if can_change(source, f, interlaced=facts.is_interlaced)]
        # The least chroma that holds the source's, without an alpha it has not.
        layout = max(candidates, key=lambda f: f.chroma, default=None)
    if layout is None or layout.pixel_format.is_float:
        raise SettingsError(
            f"{codec.name} cannot hold pictures in {source.name}.",
            hint="write .mkv with ffv1, or an image sequence",
        )
    return layout


def _same_profile(codec: MovieCodec, spec: EncodeSpec, facts: MovieFacts) -> bool:
    if codec.name == "prores":
        return _PRORES.get(facts.codec_tag) == spec.options["profile"]
    # DNxHR frames say their own profile, but a stream may only have one: too little is known.
    return codec.name == "v210"


def _notes(
    codec: MovieCodec, source: PixelLayout, layout: PixelLayout, copies: bool
) -> tuple[str, ...]:
    notes = []
    if codec.caveat:
        what = codec.caveat.format(name=codec.name)
        rest = "frames nobody changed are copied" if copies else "all frames are encoded anew"
        notes.append(f"{what}; {rest}.")
    if not layout.holds(source):
        notes.append(f"Samples in {source.name} are written as {layout.name}.")
    return tuple(notes)
