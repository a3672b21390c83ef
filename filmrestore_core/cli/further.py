"""Further commands, announced by other packages under the entry point `filmrestore.commands`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points

import typer

from filmrestore_core.errors import FilmrestoreError

GROUP = "filmrestore.commands"

logger = logging.getLogger(__name__)


def add_further_commands(app: typer.Typer) -> None:
    """Add what other packages announce; one that is broken says so when it is called.

    An entry point names a `typer.Typer`: a group of commands, or one command without a name,
    which takes the entry point's.

    Args:
        app: the command line; its own commands are never replaced.
    """
    taken = {
        group.name or (group.typer_instance and group.typer_instance.info.name)
        for group in app.registered_groups
    }
    taken |= {command.name for command in app.registered_commands}
    for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
        if point.name in taken:
            continue
        taken.add(point.name)
        try:
            found = point.load()
            if not isinstance(found, typer.Typer):
                raise TypeError(f"{point.value} is no typer.Typer")
        except Exception as error:  # another's fault must not stop our own commands
            logger.debug("command '%s' is broken", point.name, exc_info=True)
            app.command(
                point.name,
                help="Cannot be loaded here.",
                context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
            )(_refusal(point, error))
        else:
            _add(app, point.name, found)


def _add(app: typer.Typer, name: str, found: typer.Typer) -> None:
    """Add a group of commands; one that holds a single nameless command is that command."""
    lone = found.registered_commands[0] if len(found.registered_commands) == 1 else None
    if lone is None or lone.name is not None or found.registered_groups or lone.callback is None:
        app.add_typer(found, name=name)
    else:
        app.command(name, help=lone.help)(lone.callback)


def _refusal(point: EntryPoint, error: Exception) -> Callable[[], None]:
    kind, package = type(error).__name__, point.dist.name if point.dist else "another package"
    said = (str(error).strip().splitlines() or [kind])[0]

    def refuse() -> None:
        raise FilmrestoreError(
            f"The command '{point.name}' of {package} cannot be loaded ({kind}: {said})."
        )

    return refuse
