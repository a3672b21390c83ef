"""Engine: restorers and pictures shared by all nodes of a host, bounded in bytes."""

from __future__ import annotations

import gc
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

from filmrestore_core import (
    Device,
    ExternalMattes,
    ModelStore,
    Restored,
    Restorer,
    RestoreSettings,
    Stopped,
    default_user_folder,
)
from filmrestore_openfx.footage import Footage, FootageMattes, Gathered
from filmrestore_openfx.host_types import Bounds
from filmrestore_openfx.node_values import NodeValues
from filmrestore_openfx.pictures import PictureStore

T = TypeVar("T")

_SESSIONS = 3
_RESULTS = 3
_MOST_SEEN = 20_000
_POLL_SECONDS = 0.1
_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Setup:
    """What a restorer is built for; equal setups over the same footage may share one."""

    settings: RestoreSettings
    device: Device
    display: Bounds
    color_space: str
    has_mask: bool
    has_matte: bool
    mask_is_black: bool
    matte_is_black: bool

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for equal setups."""
        sides = (self.mask_is_black and self.has_mask, self.matte_is_black and self.has_matte)
        place = (self.display, self.color_space, self.device)
        return (self.settings.digest(), *place, self.has_mask, self.has_matte, *sides)


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """A restorer over its own footage."""

    setup: Setup
    footage: Footage
    restorer: Restorer


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """A frame and who made it.

    Attributes:
        restored: the Restorer's answer.
        identity: name -> value of what it was made with besides the settings.
    """

    restored: Restored
    identity: dict[str, str]


class Engine:
    """Turns what renders gathered into restored frames.

    Nothing here asks a host, so a lock or a thread of ours never waits for a nested render.
    """

    def __init__(self, memory_bytes: int | None = None, *, workers: int | None = None) -> None:
        """Make an idle engine.

        Args:
            memory_bytes: of pictures and restorers together; None for a share of the machine's.
            workers: frames in work at once; None for one per two cores, 4 at most.
        """
        memory = default_memory() if memory_bytes is None else memory_bytes
        # All that is within reach of a frame should fit, or it is sent again for the next.
        self.pictures = PictureStore(memory * 2 // 5)
        self._restorer_bytes = memory // (5 * _SESSIONS) * 3
        self._sessions: list[Session] = []
        self._results: OrderedDict[tuple[object, ...], Done] = OrderedDict()
        self._lock = threading.Lock()
        self._building = threading.Lock()
        self._loaded = threading.Event()
        count = workers or min(4, max(1, (os.cpu_count() or 2) // 2))
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="restore")

    def restore(
        self, gathered: Gathered, values: NodeValues, *, aborted: Callable[[], bool]
    ) -> Done:
        """The restored frame.

        Args:
            gathered: all pictures within reach.
            values: what the node is to do.
            aborted: asked on the calling thread ten times a second; once it says yes the work
                is left behind, to end at its next stage.

        Raises:
            FilmrestoreError: whatever a Restorer raises; Stopped where `aborted` said so.
        """
        stop = threading.Event()
        work = self._pool.submit(self._restore, gathered, values, stop.is_set)
        try:
            while not work.done():
                wait([work], timeout=_POLL_SECONDS)
                if not work.done() and aborted():
                    break
        finally:
            stop.set()
        if not work.done():
            raise_stopped()
        return work.result()

    def warm(self, values: NodeValues) -> None:
        """Load the nets in the background, so that the first frame need not wait for them."""
        self._pool.submit(self._load, values.settings, values.device)

    @property
    def has_loaded(self) -> bool:
        """True once a restorer was built, nets and all."""
        return self._loaded.is_set()

    def purge(self) -> None:
        """Forget all pictures, results and restorers."""
        self.pictures.clear()
        with self._lock:
            left = self._sessions[:]
            self._sessions.clear()
            self._results.clear()
        _let_go(left)

    def _load(self, settings: RestoreSettings, device: Device) -> None:
        with self._building:
            Restorer(settings, models=_shelf(), device=device, cache_bytes=0)
        self._loaded.set()

    def _restore(
        self, gathered: Gathered, values: NodeValues, should_stop: Callable[[], bool]
    ) -> Done:
        if should_stop():
            raise_stopped()
        setup = _setup(gathered, values)
        key = (*setup.key, gathered.number, _content(gathered))
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key]
        session = self._session(setup, gathered)
        with session.footage.holding(
            gathered, mask_is_black=setup.mask_is_black, matte_is_black=setup.matte_is_black
        ):
            restored = session.restorer.restore(
                session.footage, gathered.number, should_stop=should_stop
            )
        done = Done(restored, dict(session.restorer.identity))
        with self._lock:
            self._results[key] = done
            while len(self._results) > _RESULTS:
                self._results.popitem(last=False)
        return done

    def _session(self, setup: Setup, gathered: Gathered) -> Session:
        keys = gathered.keys
        found = self._find(setup, keys)
        if found is not None:
            return found
        with self._building:
            found = self._find(setup, keys)
            if found is not None:
                return found
            made = self._build(setup)
            self._loaded.set()
            # Marked as its own before another render looks for a session.
            made.footage.expect(keys)
            with self._lock:
                self._sessions.append(made)
                left = self._sessions[:-_SESSIONS]
                del self._sessions[:-_SESSIONS]
        _let_go(left)
        return made

    def _find(self, setup: Setup, keys: dict[tuple[str, int], str]) -> Session | None:
        with self._lock:
            for session in reversed(self._sessions):
                fits = session.setup.key == setup.key and session.footage.size < _MOST_SEEN
                if fits and session.footage.expect(keys):
                    self._sessions.remove(session)
                    self._sessions.append(session)
                    return session
        return None

    def _build(self, setup: Setup) -> Session:
        footage = Footage(setup.display, setup.color_space)
        hold_out = matte = None
        if setup.has_mask:
            outside = 0.0 if setup.mask_is_black else 1.0
            hold_out = FootageMattes(footage, "mask", outside)
        if setup.has_matte:
            threshold = setup.settings.matte.threshold
            matte = FootageMattes(footage, "matte", 0.0, threshold)
        restorer = Restorer(
            setup.settings,
            external=ExternalMattes(matte=matte, hold_out=hold_out),
            cache_bytes=self._restorer_bytes,
            models=_shelf(),
            device=setup.device,
        )
        return Session(setup, footage, restorer)


def raise_stopped() -> None:
    """Say that the host wants the picture no more.

    Raises:
        Stopped: always.
    """
    raise Stopped("The host gave the frame up.")


def default_memory() -> int:
    """A quarter of the machine's memory, 1 to 12 GiB, unless the environment names GiB."""
    asked = os.environ.get("FILMRESTORE_OFX_MEMORY_GB", "")
    try:
        return max(int(float(asked) * _GIB), 64 * 1024**2)
    except (ValueError, OverflowError):
        pass
    try:
        installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        installed = 8 * _GIB
    return min(max(installed // 4, _GIB), 12 * _GIB)


def _let_go(sessions: list[Session]) -> None:
    """Free what sessions keep now, not when the collector of cycles gets to it."""
    for session in sessions:
        session.restorer.forget()
    if sessions:
        gc.collect()


def _shelf() -> ModelStore:
    """The package's models and the user's own, as the command line has them."""
    return ModelStore(default_user_folder())


def _setup(gathered: Gathered, values: NodeValues) -> Setup:
    return Setup(
        settings=values.settings,
        device=values.device,
        display=gathered.display,
        color_space=gathered.color_space,
        has_mask=gathered.mask is not None,
        has_matte=gathered.matte is not None,
        mask_is_black=values.mask_is_black,
        matte_is_black=values.matte_is_black,
    )


def _content(gathered: Gathered) -> str:
    return "".join(f"{name}{number}{key}" for (name, number), key in sorted(gathered.keys.items()))
