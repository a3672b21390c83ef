"""Results in the media pool: our bin, the import of a sequence, and its properties."""

import os
from fractions import Fraction
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from filmrestore_resolve.host.api import ask, ask_list, ask_number, ask_text, done, unique_id, whole
from filmrestore_resolve.host.jobfile import Sequence
from filmrestore_resolve.host.ledger import (
    BIN,
    Ledger,
    find_bin,
    ledger_of,
    our_clips,
    write_ledger,
)
from filmrestore_resolve.host.media import clip_property
from filmrestore_resolve.host.rates import exact_rate, rate_text, sequence_path
from filmrestore_resolve.host.user_state import open_bin

# What says how the code values are meant; the result's are the source's.
COLOR_PROPERTIES = ("Input Color Space", "IDT", "Data Level", "Alpha mode", "PAR")


class Imported(NamedTuple):
    """A result in the pool.

    Attributes:
        new: it was imported now.
    """

    clip: Any
    ledger: Ledger
    new: bool


class ImportFailed(Exception):
    """Why a result did not get into the pool."""


def bring_in(
    pool: Any, key: str, kind: str, files: Sequence, source: Any, rate: Fraction
) -> Imported:
    """The pool clip of a result: the one that is there, else imported into our bin.

    Args:
        pool: the media pool; its current bin changes.
        key: the shot's key.
        kind: "result" or "matte".
        files: what was rendered.
        source: the source's pool clip, whose color properties are copied; None for none.
        rate: what the sequence must run at.

    Raises:
        ImportFailed: it is not in the pool, and nothing of it is.
    """
    for clip in our_clips(pool):
        ledger = ledger_of(clip)
        if ledger is not None and (ledger.key, ledger.kind) == (key, kind) and _shows(clip, files):
            return Imported(clip, ledger, False)
    folder, made = _our_bin(pool)
    try:
        clip = _import(pool, folder, files)
        ledger = Ledger(key, files.folder, kind, ["bin"] if made else [], [])
        if not write_ledger(clip, ledger):
            throw_away(pool, [clip])
            raise ImportFailed("Resolve keeps no metadata on the clip, so it could not be undone")
        _set_rate(pool, clip, rate)
    except ImportFailed:
        if made:
            remove_bin_if_empty(pool)
        raise
    if source is not None and kind == "result":
        _copy_color(source, clip)
    return Imported(clip, ledger, True)


def throw_away(pool: Any, clips: List[Any]) -> bool:
    """Take clips out of the pool; the files stay on disk."""
    return done(pool, "DeleteClips", clips) if clips else True


def remove_bin_if_empty(pool: Any) -> bool:
    """Take our bin away where nothing is in it."""
    folder = find_bin(pool)
    if folder is None:
        return True
    if ask_list(folder, "GetClipList") or ask_list(folder, "GetSubFolderList"):
        return False
    return done(pool, "DeleteFolders", [folder])


def _our_bin(pool: Any) -> Tuple[Any, bool]:
    found = find_bin(pool)
    made = False
    if found is None:
        ask(pool, "AddSubFolder", ask(pool, "GetRootFolder"), BIN)
        found = find_bin(pool)
        if found is None:
            ask(pool, "AddSubFolder", ask(pool, "GetRootFolder"), BIN)
            found = find_bin(pool)
        made = True
    if found is None:
        raise ImportFailed("the bin '%s' could not be made" % BIN)
    if not open_bin(pool, found):
        if made:
            remove_bin_if_empty(pool)
        raise ImportFailed("the bin '%s' could not be opened" % BIN)
    return found, made


def _import(pool: Any, folder: Any, files: Sequence) -> Any:
    """Import with the dict form, which alone takes a numbered sequence as one clip."""
    path = files.path()
    wanted: Dict[str, Any] = {
        "FilePath": path.pattern(),
        "StartIndex": files.first,
        "EndIndex": files.last,
    }
    before = {unique_id(c) for c in ask_list(folder, "GetClipList")}
    strays: List[Any] = []
    forms: List[List[Any]] = [[wanted]]
    if "%" in files.prefix + files.suffix + files.folder:
        # Whether a doubled percent sign is understood is nowhere written.
        plain = "%s%%0%dd%s" % (path.head, path.padding, path.tail)
        forms.append([dict(wanted, FilePath=plain)])
    for form in forms:
        ask(pool, "ImportMedia", form)
        new = [c for c in ask_list(folder, "GetClipList") if unique_id(c) not in before]
        for clip in new:
            if _shows(clip, files):
                throw_away(pool, [c for c in new if unique_id(c) != unique_id(clip)] + strays)
                return clip
        strays += new
    if strays:
        throw_away(pool, strays)
        raise ImportFailed(
            "Resolve imported %s as something else than frames %d to %d"
            % (path.pattern(), files.first, files.last)
        )
    raise ImportFailed("Resolve did not import %s" % path.pattern())


def _shows(clip: Any, files: Sequence) -> bool:
    """True where the clip is exactly these files."""
    path = clip_property(clip, "File Path")
    numbered = sequence_path(path)
    frames = whole(clip_property(clip, "Frames"))
    if frames is not None and frames != files.frames:
        return False
    if numbered is None:
        single = files.path().file(files.first)
        return files.frames == 1 and os.path.normpath(path) == os.path.normpath(single)
    return (numbered.first, numbered.last) == (files.first, files.last) and os.path.normpath(
        os.path.dirname(path)
    ) == os.path.normpath(files.folder)


def _set_rate(pool: Any, clip: Any, rate: Fraction) -> None:
    """A sequence takes a rate at import and keeps it; it must be the source's."""
    if exact_rate(clip_property(clip, "FPS")) == rate:
        return
    done(clip, "SetClipProperty", "FPS", rate_text(rate))
    now = clip_property(clip, "FPS")
    if exact_rate(now) != rate:
        throw_away(pool, [clip])
        raise ImportFailed(
            "the imported sequence runs at %s, and Resolve does not set it to %s"
            % (now or "an unknown rate", rate_text(rate))
        )


def _copy_color(source: Any, clip: Any) -> None:
    for name in COLOR_PROPERTIES:
        value = clip_property(source, name)
        if value and clip_property(clip, name) != value:
            done(clip, "SetClipProperty", name, value)


def color_differs(source: Any, clip: Any) -> List[str]:
    """Names of the color properties that could not be copied."""
    differing: List[str] = []
    for name in COLOR_PROPERTIES:
        value = clip_property(source, name)
        if value and clip_property(clip, name) != value:
            differing.append(name)
    return differing


def find_clip(pool: Any, uid: str) -> Optional[Any]:
    """One of our clips by its id."""
    for clip in our_clips(pool):
        if unique_id(clip) == uid:
            return clip
    return None


def frames_of(clip: Any) -> Optional[int]:
    """How many frames a pool clip has."""
    return whole(ask_text(clip, "GetClipProperty", "Frames")) or ask_number(clip, "GetFrames")
