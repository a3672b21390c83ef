"""The open project: everything that one press of the button works on."""

from typing import Any, NamedTuple

from filmrestore_resolve.host.api import (
    ask,
    ask_text,
    edition_is_studio,
    told_object,
    unique_id,
    version_of,
)
from filmrestore_resolve.host.messages import Refusal
from filmrestore_resolve.host.timeline import Timeline, read_timeline


class Session(NamedTuple):
    """Resolve, its project and the timeline that is open.

    Attributes:
        product: "DaVinci Resolve Studio 21.0.4", as reports say it.
        selects: appending needs a clip selected in the pool, as it did before 20.3.2.
    """

    resolve: Any
    project: Any
    pool: Any
    timeline: Timeline
    project_name: str
    product: str
    studio: bool
    selects: bool


def open_session(resolve: Any) -> Session:
    """Look at what is open in Resolve.

    Raises:
        Refusal: Resolve is still starting, or no project or timeline is open.
    """
    if resolve is None:
        raise Refusal("There is no connection to DaVinci Resolve.")
    manager = told_object(resolve, "GetProjectManager", "GetCurrentProject")
    if manager is None:
        raise Refusal("DaVinci Resolve does not answer yet; wait until it has started.")
    project = told_object(manager, "GetCurrentProject", "GetMediaPool")
    if project is None:
        raise Refusal("No project is open in DaVinci Resolve.")
    pool = told_object(project, "GetMediaPool", "GetRootFolder")
    if pool is None:
        raise Refusal("Resolve does not hand out the media pool of this project.")
    handle = told_object(project, "GetCurrentTimeline", "GetStartFrame")
    if handle is None:
        raise Refusal("No timeline is open. Open one on the Edit page and press again.")
    timeline = read_timeline(handle, project)
    name = ask_text(resolve, "GetProductName") or "DaVinci Resolve"
    version = ask_text(resolve, "GetVersionString") or ".".join(map(str, version_of(resolve)))
    return Session(
        resolve,
        project,
        pool,
        timeline,
        ask_text(project, "GetName") or unique_id(project) or "project",
        ("%s %s" % (name, version)).strip(),
        edition_is_studio(resolve),
        [] < version_of(resolve) < [20, 3, 2],
    )


def has_timelines(project: Any) -> bool:
    """True where a project has any timeline."""
    return bool(ask(project, "GetTimelineCount"))
