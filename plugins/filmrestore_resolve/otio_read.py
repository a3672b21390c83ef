"""A cut read: an OpenTimelineIO or EDL file, and each clip's media by file numbers."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import opentimelineio as otio

from filmrestore_core import (
    FilmrestoreError,
    FrameRange,
    MissingExtraError,
    SequencePattern,
    SettingsError,
)
from filmrestore_resolve.cut_clip import CutClip, LeftAlone, exact_count
from filmrestore_resolve.cut_media import (
    CutMedia,
    MediaFolders,
    media_of_path,
    path_of_url,
    sequence_media,
)
from filmrestore_resolve.otio_transitions import joined_clips, transitions_of, with_transitions
from filmrestore_resolve.rates import exact_rate

LARGEST_BYTES = 200_000_000
OURS = "filmrestore"
"""Key of our metadata, on tracks, clips and markers."""

_BUNDLES = (".otioz", ".otiod")
_ADAPTERS = {
    ".edl": "otio-cmx3600-adapter",
    ".xml": "otio-fcp-adapter",
    ".fcpxml": "otio-fcpx-xml-adapter",
    ".aaf": "otio-aaf-adapter",
}


def read_timeline(path: Path, *, rate: Fraction | None = None) -> Any:
    """Read a cut, without what an earlier run added to it.

    Args:
        path: .otio, .edl, or what an installed OpenTimelineIO adapter reads.
        rate: frames per second of an EDL, which does not say it; 24 where None.

    Raises:
        SettingsError: it cannot be read or holds no timeline.
        MissingExtraError: nothing that reads such files is installed.
    """
    ending = path.suffix.lower()
    _check_file(path, ending)
    options = {"rate": float(rate or 24)} if ending == ".edl" else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = otio.adapters.read_from_file(str(path), **options)
    # Adapters raise whatever their parsers do.
    except Exception as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise SettingsError(f"The cut {path} cannot be read: {said}.", path=path) from error
    if isinstance(found, otio.schema.SerializableCollection):
        timelines = [item for item in found if isinstance(item, otio.schema.Timeline)]
        if len(timelines) != 1:
            raise SettingsError(
                f"The cut {path} holds {len(timelines)} timelines; one is wanted.", path=path
            )
        found = timelines[0]
    if not isinstance(found, otio.schema.Timeline):
        raise SettingsError(f"The cut {path} holds no timeline.", path=path)
    for place in reversed(range(len(found.tracks))):
        if OURS in found.tracks[place].metadata:
            del found.tracks[place]
    return found


def clips_of(timeline: Any, folder: Path, media: MediaFolders, *, is_edl: bool) -> list[CutClip]:
    """The clips of all video tracks, each with its media or the reason why it is left alone.

    Args:
        timeline: as read.
        folder: where the cut's file lies; relative addresses start there.
        media: where clips that only have a name are looked for.
        is_edl: True where source times are time codes of the media, not counts from its start.
    """
    clips = []
    for track_place, track in enumerate(timeline.tracks):
        if not isinstance(track, otio.schema.Track) or track.kind != otio.schema.TrackKind.Video:
            continue
        for place, item in enumerate(track):
            if isinstance(item, otio.schema.Gap | otio.schema.Transition):
                continue
            name = item.name or f"clip {place + 1}"
            try:
                _check_item(track, place, item)
                made = _placed(item, folder, media, is_edl=is_edl)
                clip = CutClip(track_place, place, name, "", *made)
                clips.append(with_transitions(track, clip))
            except LeftAlone as skipped:
                clips.append(CutClip(track_place, place, name, str(skipped)))
            except FilmrestoreError as error:
                clips.append(CutClip(track_place, place, name, str(error).rstrip(".")))
    return joined_clips(timeline, clips)


def _check_file(path: Path, ending: str) -> None:
    if ending in _BUNDLES:
        raise SettingsError(
            f"The cut {path} is a bundle.", path=path, hint="unpack it, and name the .otio inside"
        )
    try:
        size = path.stat().st_size
    except OSError as error:
        raise SettingsError(
            f"The cut {path} cannot be read: {error.strerror}.", path=path
        ) from error
    if not path.is_file() or size > LARGEST_BYTES:
        raise SettingsError(f"The cut {path} is no file of a sensible size.", path=path)
    if ending.removeprefix(".") not in otio.adapters.suffixes_with_defined_adapters():
        package = _ADAPTERS.get(ending)
        raise MissingExtraError(
            f"Nothing that reads '{ending}' cuts is installed.",
            path=path,
            hint=f"pip install {package}" if package else "export the cut as .otio",
        )


def _check_item(track: Any, place: int, item: Any) -> None:
    """Raise LeftAlone for what cannot be replaced by frames of the same length."""
    if not isinstance(item, otio.schema.Clip):
        raise LeftAlone("it is a nested timeline or compound")
    if not item.enabled:
        raise LeftAlone("it is disabled")
    for effect in item.effects:
        if isinstance(effect, otio.schema.FreezeFrame):
            raise LeftAlone("it is a freeze frame")
        if isinstance(effect, otio.schema.LinearTimeWarp) and effect.time_scalar == 1:
            continue
        timed = isinstance(effect, otio.schema.TimeEffect)
        if timed or "warp" in (effect.effect_name or "").casefold():
            raise LeftAlone("it is retimed")
    joints = transitions_of(track)
    for beside, joint in ((place - 1, place - 2), (place + 1, place)):
        found = 0 <= beside < len(track) and isinstance(track[beside], otio.schema.Transition)
        if found and joint not in joints:
            raise LeftAlone("a fade touches it, which a clip above would hide")


def _placed(
    clip: Any, folder: Path, folders: MediaFolders, *, is_edl: bool
) -> tuple[CutMedia, int, int, Fraction]:
    """Media, first and last number, rate."""
    given = clip.media_reference
    cut = _cut_range(clip, given)
    frames = _whole(cut.duration.value, "length")
    rate = exact_rate(cut.start_time.rate)
    if frames < 1:
        raise LeftAlone("it has no length")
    # An EDL has no address of time: what its adapter calls available is the cut itself.
    available = None if is_edl else given.available_range
    media = _media(clip, given, available, folder, folders, rate, frames)
    if available is not None:
        media_rate = exact_rate(available.start_time.rate)
        begins = exact_count(available.start_time.value)
    else:
        media_rate, begins = media.rate or rate, _begins(media)
    start = exact_count(cut.start_time.value) * media_rate / exact_rate(cut.start_time.rate)
    length = exact_count(cut.duration.value) * media_rate / exact_rate(cut.duration.rate)
    offset = start - begins
    if offset.denominator != 1 or length.denominator != 1:
        raise LeftAlone(
            f"its source range at {cut.start_time.rate:g} frames per second does not fall on whole "
            f"frames of its media at {float(media_rate):g}"
        )
    first = media.first + int(offset)
    last = first + int(length) - 1
    if first < media.first or last > media.last:
        raise LeftAlone(
            f"its frames {first}-{last} lie outside of the media, which has "
            f"{media.first}-{media.last}"
        )
    return media, first, last, media_rate


def _cut_range(clip: Any, given: Any) -> Any:
    if clip.source_range is not None:
        return clip.source_range
    if given is None or given.available_range is None:
        raise LeftAlone("neither it nor its media says which frames it shows")
    return given.available_range


def _media(
    clip: Any,
    given: Any,
    available: Any,
    folder: Path,
    folders: MediaFolders,
    rate: Fraction,
    frames: int,
) -> CutMedia:
    if isinstance(given, otio.schema.GeneratorReference):
        raise LeftAlone(f"it is a generator ({given.generator_kind or 'of an unknown kind'})")
    if isinstance(given, otio.schema.ImageSequenceReference):
        return _of_images(given, available, folder, folders, rate)
    if isinstance(given, otio.schema.ExternalReference) and given.target_url:
        path = path_of_url(given.target_url, folder)
        known = frames if available is None else round(available.duration.value)
        try:
            return _opened(folders, path, rate, known)
        except FilmrestoreError:
            elsewhere = folders.find([os.path.basename(path)])
            if elsewhere is None:
                raise
            return _opened(folders, elsewhere, rate, known)
    elsewhere = folders.find(_names(clip))
    if elsewhere is None:
        raise LeftAlone("its media is missing (--media FOLDER looks for it by its name)")
    return _opened(folders, elsewhere, rate, frames)


def _of_images(
    given: Any, available: Any, folder: Path, folders: MediaFolders, rate: Fraction
) -> CutMedia:
    if given.frame_step != 1:
        raise LeftAlone(f"its image sequence counts in steps of {given.frame_step}")
    base = path_of_url(given.target_url_base, folder) if given.target_url_base else str(folder)
    width = max(1, given.frame_zero_padding)
    frames = None
    if available is not None and given.rate > 0:
        duration = available.duration
        count = exact_count(duration.value) * exact_rate(given.rate) / exact_rate(duration.rate)
        frames = FrameRange.span(given.start_frame, given.start_frame + max(1, round(count)) - 1)
    pattern = SequencePattern(Path(base), given.name_prefix, width, given.name_suffix, frames)
    try:
        return folders.once((pattern, rate), partial(sequence_media, pattern, rate))
    except FilmrestoreError:
        elsewhere = folders.find([f"{given.name_prefix}0{given.name_suffix}"])
        if elsewhere is None:
            raise
        found = SequencePattern.parse(elsewhere)
        return sequence_media(
            SequencePattern(found.folder, found.prefix, found.width, found.suffix, frames), rate
        )


def _opened(folders: MediaFolders, path: str, rate: Fraction, frames: int) -> CutMedia:
    many = frames > 1
    return folders.once((path, rate, many), partial(media_of_path, path, rate, frames=frames))


def _names(clip: Any) -> Iterator[str]:
    """What a clip without an address may be called on disk."""
    if clip.name:
        yield clip.name
    reel = clip.metadata.get("cmx_3600", {}).get("reel")
    if reel:
        yield str(reel)


def _begins(media: CutMedia) -> Fraction:
    """Time of the media's first frame, counted in frames: its time code, else its file number."""
    if media.timecode is not None:
        return Fraction(media.timecode.count)
    return Fraction(media.first)


def _whole(value: float, what: str) -> int:
    exact = exact_count(value)
    if exact.denominator != 1:
        raise LeftAlone(f"its {what} of {value:g} frames is no whole number")
    return int(exact)
