"""A process that writes restored frames until it is done or killed; started by test_faults."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time

from filmrestore_core.errors import FilmrestoreError
from filmrestore_core.media.claims import Claim
from filmrestore_core.media.open import create_writer, open_clip
from filmrestore_core.media.sequence_clip import SequenceClip
from filmrestore_core.media.writer import FrameWriter
from filmrestore_core.testing.sequences import with_spot

DONE, FAILED = 0, 1


def make(writer: FrameWriter, clip: SequenceClip, number: int) -> None:
    """Every third frame is untouched."""
    original = clip.read(number)
    restored = with_spot(original, x=number, y=number)[0] if number % 3 else None
    writer.write(original, restored, extra={"frame": number})


def work(folders: list[str], *, pause: float = 0.0) -> None:
    """Write each IN to its OUT, one frame of each in turn; says each frame that was made."""
    clips = [open_clip(f.split(":")[0]) for f in folders]
    writers = [create_writer(f.split(":")[1], c) for f, c in zip(folders, clips, strict=True)]
    try:
        waiting = [(w, c, n) for n in clips[0].numbers for w, c in zip(writers, clips, strict=True)]
        while waiting:
            busy = []
            for writer, clip, number in waiting:
                claim = writer.claim(number)
                if claim is Claim.MINE:
                    assert isinstance(clip, SequenceClip)
                    make(writer, clip, number)
                    print(writer.path(number), flush=True)
                elif claim is Claim.BUSY:
                    busy.append((writer, clip, number))
                time.sleep(pause)
            waiting = busy
    finally:
        for writer in writers:
            writer.close()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", metavar="IN:OUT")
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--catch-sigterm", action="store_true")
    parser.add_argument("--file-size", type=int)
    parser.add_argument("--as-user", type=int)
    arguments = parser.parse_args()
    if arguments.catch_sigterm:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if arguments.file_size:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (arguments.file_size, arguments.file_size))
    if arguments.as_user is not None:
        os.setgroups([])
        os.setgid(arguments.as_user)
        os.setuid(arguments.as_user)
    try:
        work(arguments.folders, pause=arguments.pause)
    except FilmrestoreError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return FAILED
    return DONE


if __name__ == "__main__":
    sys.exit(main())
