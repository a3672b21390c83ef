"""What the user had open, remembered before anything is placed and put back afterwards."""

from typing import Any, List, NamedTuple

from filmrestore_resolve.host.api import ask, ask_text, done, told_object, unique_id
from filmrestore_resolve.host.messages import Refusal
from filmrestore_resolve.host.timeline import make_current


class UserState(NamedTuple):
    """Page, bin, timeline and playhead of the user.

    Attributes:
        page: "" in headless Resolve.
        timecode: the playhead; "" on pages where Resolve does not tell it.
    """

    page: str
    bin: Any
    timeline: Any
    timecode: str


def remember(resolve: Any, project: Any, pool: Any) -> UserState:
    """Look at what is open.

    Raises:
        Refusal: Resolve does not say which bin is open, so it could not be put back.
    """
    folder = told_object(pool, "GetCurrentFolder", "GetName")
    timeline = told_object(project, "GetCurrentTimeline", "GetName")
    if folder is None or timeline is None:
        raise Refusal("Resolve does not say which bin and timeline are open; nothing was changed.")
    page = ask_text(resolve, "GetCurrentPage")
    return UserState(page, folder, timeline, ask_text(timeline, "GetCurrentTimecode"))


def put_back(state: UserState, resolve: Any, project: Any, pool: Any) -> List[str]:
    """Open again what was open, and read back; lines for the user on what could not be."""
    lines: List[str] = []
    if not make_current(project, state.timeline):
        lines.append("The timeline '%s' could not be opened again." % _name(state.timeline))
    # A bin of ours that 'Remove results' took away has no id any more.
    if (unique_id(state.bin) or _name(state.bin)) and not open_bin(pool, state.bin):
        lines.append("The bin '%s' could not be opened again." % _name(state.bin))
    if not _show_page(resolve, state.page):
        lines.append("The page '%s' could not be opened again." % state.page)
    now = ask_text(state.timeline, "GetCurrentTimecode")
    if state.timecode and now and now != state.timecode:
        if not done(state.timeline, "SetCurrentTimecode", state.timecode):
            lines.append("The playhead could not be put back to %s." % state.timecode)
    return lines


def _show_page(resolve: Any, page: str) -> bool:
    if not page or ask_text(resolve, "GetCurrentPage") == page:
        return True
    for _ in range(2):
        done(resolve, "OpenPage", page)
        if ask_text(resolve, "GetCurrentPage") == page:
            return True
    return False


def open_bin(pool: Any, folder: Any) -> bool:
    """Make a bin the current one, where it is not; read back, tried twice."""
    for _ in range(2):
        if _is_open(pool, folder):
            return True
        ask(pool, "SetCurrentFolder", folder)
    return _is_open(pool, folder)


def _is_open(pool: Any, folder: Any) -> bool:
    """By id, and where a version has none for bins, by name."""
    now = ask(pool, "GetCurrentFolder")
    uid = unique_id(folder)
    return uid == unique_id(now) if uid else _name(folder) == _name(now) != ""


def _name(thing: Any) -> str:
    return ask_text(thing, "GetName")
