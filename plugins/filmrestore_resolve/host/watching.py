"""Who watches a job: is told where it is, says whether to go on, and waits meanwhile."""

import time

from filmrestore_resolve.host.messages import Voice
from filmrestore_resolve.host.renderer import Progress


class Watcher:
    """Watches in the Console: a line now and then, and Ctrl-C or the flag file to stop."""

    def __init__(self, voice: Voice, every: float = 5.0) -> None:
        self.voice = voice
        self.every = every
        self.stopped = False
        self._told = 0.0

    def progress(self, progress: Progress) -> None:
        """Say where the job is, at most every few seconds."""
        now = time.monotonic()
        if now - self._told >= self.every:
            self._told = now
            self.voice.say(progress.line())

    def note(self, line: str) -> None:
        """Say something in between."""
        self.voice.say(line)

    def wanted(self) -> bool:
        """False once the user has cancelled."""
        return not self.stopped

    def pause(self, seconds: float) -> None:
        """Wait; Ctrl-C on a terminal cancels instead of leaving things half done."""
        try:
            time.sleep(seconds)
        except KeyboardInterrupt:
            self.stopped = True
            self.voice.say("Cancelling: the frame in work is finished first.")
