"""What the user had open, remembered before anything is placed and put back afterwards."""

from typing import Any, List, NamedTuple

from filmrestore_resolve.host.api import ask, ask_text, done, told, unique_id
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
    folder = told(pool, "GetCurrentFolder")
    timeline = told(project, "GetCurrentTimeline")
    if folder is None or timeline is None:
        raise Refusal("Resolve does not say which bin and timeline are open; nothing was changed.")
    page = ask_text(resolve, "GetCurrentPage")
    return UserState(page, folder, timeline, ask_text(timeline, "GetCurrentTimecode"))


def put_back(state: UserState, resolve: Any, project: Any, pool: Any) -> List[str]:
    """Open again what was open; lines for the user on what could not be."""
    lines: List[str] = []
    if not make_current(project, state.timeline):
        lines.append("The timeline '%s' could not be opened again." % _name(state.timeline))
    # A bin of ours that 'Remove results' took away has no name any more.
    if (
        not _same(ask(pool, "GetCurrentFolder"), state.bin)
        and _name(state.bin)
        and not done(pool, "SetCurrentFolder", state.bin)
    ):
        lines.append("The bin '%s' could not be opened again." % _name(state.bin))
    if state.page and ask_text(resolve, "GetCurrentPage") != state.page:
        if not done(resolve, "OpenPage", state.page):
            lines.append("The page '%s' could not be opened again." % state.page)
    now = ask_text(state.timeline, "GetCurrentTimecode")
    if state.timecode and now and now != state.timecode:
        if not done(state.timeline, "SetCurrentTimecode", state.timecode):
            lines.append("The playhead could not be put back to %s." % state.timecode)
    return lines


def _same(one: Any, other: Any) -> bool:
    uid = unique_id(one)
    return bool(uid) and uid == unique_id(other)


def _name(thing: Any) -> str:
    return ask_text(thing, "GetName")
