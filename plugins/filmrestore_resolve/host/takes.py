"""A result as a take of the user's own item: the original stays take 1, nothing is finalized."""

from typing import Any, List, NamedTuple, Optional, Tuple

from filmrestore_resolve.host.api import ask, ask_number, done, unique_id, whole
from filmrestore_resolve.host.ledger import ledger_of
from filmrestore_resolve.host.timeline import Item, read_item


class Take(NamedTuple):
    """A take of an item.

    Attributes:
        number: from 1.
        first: first frame of its clip, as Resolve counts it; None where it does not say.
        last: as Resolve counts it; whether it is inside differs between versions.
    """

    number: int
    clip: Any
    first: Optional[int]
    last: Optional[int]


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
            first, last = whole(values.get("startFrame")), whole(values.get("endFrame"))
            found.append(Take(index, values.get("mediaPoolItem"), first, last))
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
    takes = takes_of(item)
    if any(unique_id(take.clip) == uid for take in takes):
        return Taken(0, False)
    former = ask_number(item, "GetSelectedTakeIndex") or 0
    span = None if (offset, frames) == (0, source.duration) else (offset, offset + source.duration)
    fault = ""
    for attempt in range(2):
        fault, read = _try_take(source, clip, span)
        if not fault:
            _drop_older(item, key, uid, former)
            return Taken(former, True)
        if not _drop(source, uid, former):
            raise NoTake(fault + ", and does not take it away again", left=True)
        if attempt == 0:
            span = _corrected_span(span, read, source.duration)
    raise NoTake(fault)


def drop_take(source: Item, uid: str, former: int) -> bool:
    """Take our take away and select the one that was selected before."""
    return _drop(source, uid, former)


def _try_take(
    source: Item, clip: Any, span: Optional[Tuple[int, int]]
) -> Tuple[str, Optional[Take]]:
    """Add and select; what is wrong with it, and how it reads."""
    item = source.handle
    arguments = (clip,) if span is None else (clip, span[0], span[1])
    ask(item, "AddTake", *arguments)
    ours = [take for take in takes_of(item) if unique_id(take.clip) == unique_id(clip)]
    if not ours:
        return "Resolve adds no take", None
    take = ours[-1]
    if not done(item, "SelectTakeByIndex", take.number):
        return "Resolve does not select the new take", take
    if ask_number(item, "GetSelectedTakeIndex") != take.number:
        return "Resolve does not select the new take", take
    now = read_item(item, source.track)
    if now is None or (now.start, now.end) != (source.start, source.end):
        return "the new take changes the clip's place or length", take
    if unique_id(ask(item, "GetMediaPoolItem")) != unique_id(clip):
        return "the clip does not show the new take", take
    return "", take


def _corrected_span(
    span: Optional[Tuple[int, int]], read: Optional[Take], duration: int
) -> Optional[Tuple[int, int]]:
    """Name the span where it was left open, else move its end to the other convention."""
    if span is None:
        return (0, duration)
    if read is not None and read.last is not None and read.first is not None:
        return (span[0], span[1] - 1)
    return span


def _drop(source: Item, uid: str, former: int) -> bool:
    """Delete our takes; read back, tried twice."""
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


def _drop_older(item: Any, key: str, uid: str, former: int) -> None:
    """Earlier results of the same shot make way; takes of the user stay."""
    for take in reversed(takes_of(item)):
        ledger = ledger_of(take.clip)
        if ledger is not None and ledger.key == key and unique_id(take.clip) != uid:
            ask(item, "DeleteTakeByIndex", take.number)
    for take in takes_of(item):
        if unique_id(take.clip) == uid:
            done(item, "SelectTakeByIndex", take.number)
