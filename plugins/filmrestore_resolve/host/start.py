"""Where a menu script begins, and what the external route shares with it."""

import os
from typing import Any, Dict, Mapping

from filmrestore_resolve.host.api import version_of
from filmrestore_resolve.host.choices import SETTINGS_FILE, read_choices
from filmrestore_resolve.host.config import Config, find_config
from filmrestore_resolve.host.dialog import ask_user, show_end
from filmrestore_resolve.host.messages import LOG, Refusal, Voice
from filmrestore_resolve.host.reach import Reached, reach_from_menu
from filmrestore_resolve.host.removing import remove_results
from filmrestore_resolve.host.restoring import restore
from filmrestore_resolve.host.session import Session, open_session
from filmrestore_resolve.host.timeline import open_page
from filmrestore_resolve.host.user_state import put_back, remember
from filmrestore_resolve.host.watching import Watcher

CRASH = "This is a fault of filmrestore, not of yours: %s: %s. Nothing more was changed."


def start_from_menu(action: str, names: Mapping[str, Any]) -> int:
    """Do what a menu entry says; the user hears of everything that goes wrong.

    Args:
        action: "restore" or "remove".
        names: the script's globals, in which Resolve puts itself.

    Returns:
        0 all is well, 1 nothing was done, 3 some shots were not, 4 cancelled.
    """
    voice = Voice()
    try:
        reached = reach_from_menu(names)
        session = open_session(reached.resolve)
        if action == "remove":
            return remove(session, voice)
        return _press(reached, session, find_config(), voice)
    except Refusal as refusal:
        voice.say(str(refusal))
        return refusal.code
    except Exception as error:  # noqa: BLE001 - a traceback would be all the user sees
        LOG.debug("a menu script failed", exc_info=True)
        voice.say(CRASH % (type(error).__name__, error))
        return 1


def _press(reached: Reached, session: Session, config: Config, voice: Voice) -> int:
    choices = read_choices(config.jobs_folder)
    window = None
    # Since 19.1 a touch of UIManager in the free edition opens an advertisement.
    if session.studio or version_of(session.resolve)[:2] < [19, 1]:
        window = ask_user(reached.fusion, reached.bmd, session, choices, config)
    if window is None:
        voice.say(
            "There is no dialog here (UIManager belongs to Resolve Studio). The settings are in %s"
            % os.path.join(config.jobs_folder, SETTINGS_FILE)
        )
        return run(session, choices, config, voice, Watcher(voice))
    if window.choices is None:
        voice.say("Nothing was started.")
        return 4
    voice.listener = window.note
    try:
        code = run(session, window.choices, config, voice, window)
    except Refusal as refusal:
        voice.say(str(refusal))
        code = refusal.code
    show_end(window, code)
    return code


def run(
    session: Session,
    choices: Mapping[str, Any],
    config: Config,
    voice: Voice,
    watcher: Watcher,
) -> int:
    """Restore what is chosen and say how it ended.

    Raises:
        Refusal: nothing can be done.
    """
    outcome = restore(session, choices, config, voice, watcher)
    said: Dict[str, int] = {}
    for line in outcome.lines:
        said[line.outcome] = said.get(line.outcome, 0) + 1
    voice.say(", ".join("%d %s" % (said[name], name) for name in sorted(said)) + ".")
    if outcome.page:
        voice.say("Report: %s" % outcome.page)
    return outcome.code


def remove(session: Session, voice: Voice) -> int:
    """Take away what the plugin added to the open timeline.

    Returns:
        0 where all went, 3 where something had to stay.

    Raises:
        Refusal: Resolve does not say what is there.
    """
    state = remember(session.resolve, session.project, session.pool)
    open_page(session.resolve, "edit")
    try:
        removed = remove_results(session.project, session.pool, session.timeline)
    finally:
        for line in put_back(state, session.resolve, session.project, session.pool):
            voice.say(line)
    for line in removed.left:
        voice.say(line)
    voice.say(removed.line())
    voice.say("The rendered files stay on disk.")
    return 3 if removed.left else 0
