"""Asking Resolve: every call may answer with nothing, and no call may stop the script.

Unknown methods read as None there, and `hasattr` is true for every name; `dir` tells the truth.
"""

from typing import Any, List, Optional

from filmrestore_resolve.host.messages import LOG


def has(thing: Any, name: str) -> bool:
    """True where this version of Resolve knows the method."""
    if thing is None:
        return False
    try:
        return name in dir(thing)
    except Exception:  # noqa: BLE001 - whatever a dead connection throws
        LOG.debug("an object of Resolve cannot be looked at", exc_info=True)
        return False


def ask(thing: Any, name: str, *arguments: Any) -> Any:
    """Call a method; None where there is none or where it fails in any way."""
    if not has(thing, name):
        return None
    try:
        return getattr(thing, name)(*arguments)
    except Exception:  # noqa: BLE001 - whatever a dead connection throws
        LOG.debug("%s failed", name, exc_info=True)
        return None


def ask_list(thing: Any, name: str, *arguments: Any) -> List[Any]:
    """A list, also where Resolve gives None, or a dict numbered from 1 as old versions did.

    Nothing is asked for a second time: an empty list is how a failure looks too.
    """
    for _ in range(2):
        found = ask(thing, name, *arguments)
        if isinstance(found, dict):
            found = list(found.values())
        if isinstance(found, (list, tuple)) and found:
            return [thing for thing in found if thing is not None]
    return []


def ask_text(thing: Any, name: str, *arguments: Any) -> str:
    """A text, also of a number; "" where there is none. What is no text is asked for again."""
    for _ in range(2):
        found = ask(thing, name, *arguments)
        if isinstance(found, (str, int, float)) and not isinstance(found, bool):
            return str(found)
    return ""


def ask_number(thing: Any, name: str, *arguments: Any) -> Optional[int]:
    """A whole number, also where it comes as a text or a float; None where there is none.

    What is no number is asked for again.
    """
    found = whole(ask(thing, name, *arguments))
    return whole(ask(thing, name, *arguments)) if found is None else found


def whole(value: Any) -> Optional[int]:
    """The whole number in a value of Resolve, or None."""
    if value is None or isinstance(value, bool):
        return None
    try:
        return round(float(value))
    except (TypeError, ValueError, OverflowError):
        return None


def done(thing: Any, name: str, *arguments: Any) -> bool:
    """Call a method that answers yes or no; asked a second time where it says no."""
    return bool(ask(thing, name, *arguments)) or bool(ask(thing, name, *arguments))


def told(thing: Any, name: str, *arguments: Any) -> Any:
    """Ask a getter, and once more where it has nothing to say."""
    found = ask(thing, name, *arguments)
    return found if found is not None and found is not False else ask(thing, name, *arguments)


def told_object(thing: Any, name: str, method: str, *arguments: Any) -> Any:
    """Ask for an object that knows a method, and once more; None where what comes is none."""
    for _ in range(2):
        found = ask(thing, name, *arguments)
        if has(found, method):
            return found
    return None


def unique_id(thing: Any) -> str:
    """The id that outlives the script; "" where Resolve gives none."""
    return ask_text(thing, "GetUniqueId")


def edition_is_studio(resolve: Any) -> bool:
    """True where Resolve calls itself Studio."""
    return "studio" in ask_text(resolve, "GetProductName").lower()


def version_of(resolve: Any) -> List[int]:
    """Major, minor and patch; empty where Resolve does not say."""
    numbers: List[int] = []
    for part in ask_list(resolve, "GetVersion")[:3]:
        number = whole(part)
        if number is None:
            break
        numbers.append(number)
    return numbers
