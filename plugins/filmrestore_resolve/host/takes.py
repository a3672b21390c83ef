"""A result as a take of the user's own item: the original stays take 1, nothing is finalized."""

from typing import Any, List, NamedTuple, Optional, Tuple

from filmrestore_resolve.host.api import ask, ask_number, done, unique_id
from filmrestore_resolve.host.ledger import ledger_of
from filmrestore_resolve.host.timeline import Item, read_item


class Take(NamedTuple):
    """A take of an item.

    Attributes:
        number: from 1.
        clip: the pool clip it plays.
    """

    number: int
    clip: Any


class Shows(NamedTuple):
    """What an item shows once a take is selected.

    Attributes:
        offset: first frame of the clip, counted from 0; None where Resolve does not say.
        duration: frames on the timeline.
    """

    offset: Optional[int]
    duration: int


class NoTake(Exception):
    """Why there is no take; the item is as it was.

    Attributes:
        left: something was left that could not be taken away.
    """

    def __init__(self, reason: str, left: bool = False) -> None:
        super().__init__(reason)
        self.left = left


class Taken(NamedTuple):
    """A take that is there.

    Attributes:
        former: the take selected before; 0 where the item had none.
        new: it was added now.
    """

    former: int
    new: bool


def takes_of(item: Any) -> List[Take]:
    """All takes; none where the item is no take selector."""
    found: List[Take] = []
    for index in range(1, (ask_number(item, "GetTakesCount") or 0) + 1):
        values = ask(item, "GetTakeByIndex", index)
        if isinstance(values, dict):
            found.append(Take(index, values.get("mediaPoolItem")))
    return found


def add_take(source: Item, clip: Any, key: str, offset: int, frames: int) -> Taken:
    """Add a result as a take and select it; read back, corrected once, else taken away.

    Args:
        source: the user's item.
        clip: the pool clip of the result.
        key: the shot's key; an older take of it goes.
        offset: first frame of the clip that shows, counted from 0.
        frames: how many frames the clip has.

    Raises:
        NoTake: Resolve does not do it, or the item would change its place or length.
    """
    item = source.handle
    uid = unique_id(clip)
    if any(unique_id(take.clip) == uid for take in takes_of(item)):
        return Taken(0, False)
    former = ask_number(item, "GetSelectedTakeIndex") or 0
    span = None if (offset, frames) == (0, source.duration) else (offset, offset + source.duration)
    fault = ""
    for _ in range(2):
        fault, read = _try_take(source, clip, span, offset)
        if not fault:
            _drop_older(item, key, uid)
            return Taken(former, True)
        if not drop_take(source, uid, former):
            raise NoTake(fault + ", and does not take it away again", left=True)
        span = _corrected_span(span, read, source.duration, offset)
    raise NoTake(fault)


def _try_take(
    source: Item, clip: Any, span: Optional[Tuple[int, int]], offset: int
) -> Tuple[str, Optional[Shows]]:
    """Add and select; what is wrong with it, and how it reads."""
    item = source.handle
    arguments = (clip,) if span is None else (clip, span[0], span[1])
    ask(item, "AddTake", *arguments)
    ours = [take for take in takes_of(item) if unique_id(take.clip) == unique_id(clip)]
    if not ours:
        return "Resolve adds no take", None
    number = ours[-1].number
    if not done(item, "SelectTakeByIndex", number):
        return "Resolve does not select the new take", None
    if ask_number(item, "GetSelectedTakeIndex") != number:
        return "Resolve does not select the new take", None
    if unique_id(ask(item, "GetMediaPoolItem")) != unique_id(clip):
        return "the clip does not show the new take", None
    now = read_item(item, source.track)
    if now is None:
        return "the clip cannot be read any more", None
    read = Shows(ask_number(item, "GetLeftOffset"), now.duration)
    if (now.start, now.end) != (source.start, source.end):
        return "the new take changes the clip's place or length", read
    if read.offset is not None and read.offset != offset:
        return "the new take begins at its frame %d and not at %d" % (read.offset, offset), read
    return "", read


def _corrected_span(
    span: Optional[Tuple[int, int]], read: Optional[Shows], duration: int, offset: int
) -> Optional[Tuple[int, int]]:
    """The same span, moved by what was read back."""
    if read is None:
        return span
    first, last = (offset, offset + duration) if span is None else span
    moved = 0 if read.offset is None else offset - read.offset
    return (first + moved, last + moved + duration - read.duration)


def drop_take(source: Item, uid: str, former: int) -> bool:
    """Delete our takes of a clip and select the take that was; read back, tried twice."""
    item = source.handle
    if former:
        done(item, "SelectTakeByIndex", former)
    for _ in range(2):
        ours = [take.number for take in takes_of(item) if unique_id(take.clip) == uid]
        if not ours:
            break
        if not former:
            done(item, "SelectTakeByIndex", 1)
        for index in reversed(ours):
            ask(item, "DeleteTakeByIndex", index)
    return not any(unique_id(take.clip) == uid for take in takes_of(item))


def _drop_older(item: Any, key: str, uid: str) -> None:
    """Earlier results of the same shot make way; takes of the user stay."""
    for take in reversed(takes_of(item)):
        ledger = ledger_of(take.clip)
        if ledger is not None and ledger.key == key and unique_id(take.clip) != uid:
            ask(item, "DeleteTakeByIndex", take.number)
    for take in takes_of(item):
        if unique_id(take.clip) == uid:
            done(item, "SelectTakeByIndex", take.number)
