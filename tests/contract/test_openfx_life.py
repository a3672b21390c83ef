"""The worker's life: started late, shared, replaced when it dies, gone with its host."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from openfx_bundles import tiny_manifest

from filmrestore_openfx.testhost import FAILED, OK, REPLY_DEFAULT, HostImage, HostOptions

PLUGINS = str(Path(__file__).parents[2] / "plugins")


def picture(value=7, size=(6, 8)):
    return HostImage(np.full((*size, 4), value, np.uint8))


def ready(host, mode="copy", source=None):
    """A node with a picture at every time."""
    node = host.create()
    source = source or picture()
    node.connect("Source", lambda _: source)
    node.set("mode", mode)
    return node


def render(node, at=1.0):
    return node.render(at, HostImage.blank_like(node.footage["Source"](at)))


def worker_of(node):
    """The worker's process id, its parent's, and what it found in its environment."""
    node.set("mode", "pid")
    assert render(node) == OK, node.message()
    return json.loads(node.message()[1])


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone_within(pid, seconds):
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not alive(pid)


linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")


def test_one_worker_starts_at_the_first_render_and_serves_all_nodes(open_host, tmp_path):
    host = open_host()
    first, second = ready(host), ready(host)
    assert not (tmp_path / "ofx.log").exists()
    one, two = worker_of(first), worker_of(second)
    assert one == two
    assert one[1] == os.getpid()
    assert one[2] == []
    assert (tmp_path / "ofx.log").read_text().count(" started: ") == 1


@linux
def test_unload_ends_the_worker_and_a_later_load_starts_another(open_host):
    host = open_host()
    node = ready(host)
    pid = worker_of(node)[0]
    node.destroy()
    assert host.unload() == OK
    assert gone_within(pid, 1)
    host.start()
    assert worker_of(ready(host))[0] != pid


def test_a_worker_that_was_killed_is_replaced_unseen(open_host):
    node = ready(open_host())
    pid = worker_of(node)[0]
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)
    again = worker_of(node)[0]
    assert again != pid


def test_a_worker_that_dies_in_a_render_is_tried_once_more(open_host, tmp_path):
    source = picture()
    node = ready(open_host(), f"crash-once {json.dumps(str(tmp_path / 'crashed'))}", source)
    output = HostImage.blank_like(source)
    assert node.render(1, output) == OK
    assert np.array_equal(output.pixels(), 255 - source.pixels())
    assert node.message() is None


def test_a_frame_that_kills_every_worker_is_an_error_that_the_next_good_frame_clears(
    open_host, tmp_path
):
    source = picture()
    node = ready(open_host(), "crash", source)
    output = HostImage.blank_like(source)
    assert node.render(1, output) == FAILED
    assert not output.changed()
    kind, text = node.message()
    assert kind == "OfxMessageError"
    assert "stopped twice" in text
    assert str(tmp_path / "ofx.log") in text
    assert text in (tmp_path / "ofx.log").read_text()
    node.set("mode", "copy")
    assert render(node) == OK
    assert node.message() is None


def test_messages_stand_until_a_good_frame_and_warnings_stay_with_it(open_host):
    node = ready(open_host(), "raise")
    for _ in range(3):
        assert render(node) == FAILED
    assert node.message() == ("OfxMessageError", "model file not found")
    assert node.message_counts() == (1, 0)  # the same text is set once
    node.set("mode", "warn")
    assert render(node) == OK
    assert node.message() == ("OfxMessageWarning", "no neighbours")
    node.set("mode", "copy")
    assert render(node) == OK
    assert node.message() is None
    node.set("mode", "fail")
    assert render(node) == FAILED
    assert "could not be rendered" in node.message()[1]


def test_a_change_by_the_user_clears_the_message(open_host):
    node = ready(open_host(), "raise")
    assert render(node) == FAILED
    assert node.change("strength", reason="OfxChangeTime") == REPLY_DEFAULT
    assert node.message() is not None
    assert node.change("strength") == REPLY_DEFAULT
    assert node.message() is None


@pytest.mark.parametrize("version", [0, 1])
def test_a_host_without_persistent_messages_gets_no_dialog_and_the_log_has_the_text(
    open_host, tmp_path, version
):
    node = ready(open_host(options=HostOptions(message_version=version)), "raise")
    assert render(node) == FAILED
    assert "error: model file not found" in (tmp_path / "ofx.log").read_text()


def test_a_missing_interpreter_is_said_on_the_node_and_mended_by_a_good_one(
    tiny_bundle, open_host, monkeypatch
):
    node = ready(open_host(tiny_bundle(python="/nowhere/python")))
    assert render(node) == FAILED
    assert "/nowhere/python" in node.message()[1]
    assert "openfx install" in node.message()[1]
    assert node.frames_needed(1) == (REPLY_DEFAULT, {})
    assert node.sequence(1, 2, begin=True) == REPLY_DEFAULT
    monkeypatch.setenv("FILMRESTORE_OFX_PYTHON", sys.executable)
    time.sleep(2.1)
    assert render(node) == OK
    assert node.message() is None


@pytest.mark.parametrize(
    ("trick", "said"),
    [
        ("exit", "ended while starting"),
        ("noise", "something else than 'ready'"),
        ("failed", "the models are not there"),
        ("old", "installed for filmrestore 9.9.9"),
    ],
)
def test_a_worker_that_cannot_start_is_said_on_the_node(open_host, monkeypatch, trick, said):
    monkeypatch.setenv("TINY_START", trick)
    node = ready(open_host())
    assert render(node) == FAILED
    assert said in node.message()[1]
    began = time.monotonic()
    assert render(node) == FAILED  # and not tried again at once
    assert time.monotonic() - began < 1


@pytest.mark.slow
def test_a_worker_that_never_answers_is_given_up_after_twenty_seconds(open_host, monkeypatch):
    monkeypatch.setenv("TINY_START", "silent")
    node = ready(open_host())
    began = time.monotonic()
    assert render(node) == FAILED
    assert 19 < time.monotonic() - began < 25
    assert "did not start within 20 s" in node.message()[1]


def test_a_start_can_be_aborted(open_host, monkeypatch):
    monkeypatch.setenv("TINY_START", "silent")
    node = ready(open_host())
    began = time.monotonic()
    node.stop = lambda: time.monotonic() - began > 0.5
    assert render(node) == FAILED
    assert time.monotonic() - began < 2
    assert node.message() is None


@pytest.mark.parametrize("mode", ["stubborn 30", "patient 30"])
def test_an_abort_ends_within_a_second_and_writes_nothing(open_host, mode):
    source = picture()
    node = ready(open_host(), "copy", source)
    assert render(node) == OK
    node.set("mode", mode)
    began = time.monotonic()
    node.stop = lambda: time.monotonic() - began > 0.4
    output = HostImage.blank_like(source)
    assert node.render(1, output) == FAILED
    assert time.monotonic() - began < 0.4 + 1.0
    assert not output.changed()
    assert node.message() is None
    node.stop = lambda: False
    node.set("mode", "copy")
    assert render(node) == OK


def test_an_abort_seen_before_the_commit_writes_nothing(open_host):
    source = picture()
    node = ready(open_host(), "copy", source)
    assert render(node) == OK
    asked = []  # at least: before the action, at the copy, before the commit
    node.stop = lambda: bool(asked.append(1)) or len(asked) > 2
    output = HostImage.blank_like(source)
    assert node.render(1, output) == FAILED
    assert not output.changed()


def test_a_chain_of_nodes_renders_one_inside_the_other(open_host):
    host = open_host()
    source = picture(3)
    nodes = [ready(host, "invert", source)]
    for _ in range(3):
        above, node = nodes[-1], host.create()

        def upstream(at, above=above):
            image = HostImage.blank_like(source)
            assert above.render(at, image) == OK, above.message()
            return HostImage(image.pixels())

        node.connect("Source", upstream)
        node.set("mode", "invert")
        nodes.append(node)
    output = HostImage.blank_like(source)
    assert nodes[-1].render(5, output) == OK, nodes[-1].message()
    assert np.array_equal(output.pixels(), source.pixels())  # turned four times


def test_four_threads_render_frames_of_their_own(open_host):
    host = open_host()
    frames = {t: HostImage(np.full((16, 16, 4), t, np.uint8)) for t in range(40)}
    node = host.create()
    node.connect("Source", frames.get)
    node.set("mode", "invert")
    wrong = []

    def work(first):
        for at in range(first, 40, 4):
            output = HostImage.blank_like(frames[at])
            if node.render(at, output) != OK or not (output.pixels() == 255 - at).all():
                wrong.append(at)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_values_reach_the_worker_as_the_host_has_them(open_host):
    host = open_host(options=HostOptions(name="a host\twith a tab"))
    node = ready(host)
    node.set("strength", 0.1)
    node.set("radius", -2147483648)
    node.set("corner", 3, -4)
    node.set("place", 1.5, 1e300, -0.0)
    node.refuse_reading("preset")
    node.connect("Source", node.footage["Source"], first=-3.5, last=99, colourspace="log\nspace")
    node.set("mode", 'values "tint"')
    assert render(node, 2.5) == OK
    values, single, clip, action = json.loads(node.message()[1])
    values = {name: rest for name, *rest in values}
    assert values["strength"] == ["ok", "0.10000000000000001"]
    assert values["radius"] == ["ok", "-2147483648"]
    assert values["preset"] == ["no", "missing"]
    assert values["corner"] == ["ok", "3", "-4"]
    assert [float(v) for v in values["place"][1:]] == [1.5, 1e300, 0.0]
    assert "button" not in values
    assert "mask_grow" not in values
    assert single == ["ok", "0.5", "0.25", "0.125", "1"]
    assert clip[:5] == ["ok", "1", "-3.5", "99", "log\nspace"]
    assert action["time"] == "2.5"
    assert action["window"] == "0,0,8,6"
    assert action["host"] == "a host\twith a tab"
    assert action["temporal"] == "1"


def test_proxies_and_what_kind_of_render_it_is_reach_the_worker(open_host):
    host = open_host()
    node = host.create()
    source = HostImage(np.full((3, 4, 4), 7, np.uint8), scale=(0.5, 0.25))
    node.connect("Source", lambda _: source)
    node.set("mode", 'values "strength"')
    output = HostImage.blank_like(source)
    assert node.render(1, output, scale=(0.5, 0.25), draft=True, interactive=True) == OK
    action = json.loads(node.message()[1])[3]
    assert (action["scale"], action["draft"], action["interactive"]) == ("0.5,0.25", "1", "1")
    assert (action["field"], action["context"]) == ("OfxFieldNone", "OfxImageEffectContextFilter")
    node.set("mode", "asks " + json.dumps([["image", "Source", 1]]))
    assert node.render(1, output) == OK
    assert json.loads(node.message()[1])[0][10:12] == ["0.5", "0.25"]


def test_a_host_that_loads_and_creates_for_every_frame(open_host, tmp_path):
    host = open_host()
    for at in range(12):
        host.start()
        node = ready(host, "invert")
        assert node.action("OfxImageEffectActionGetClipPreferences") == OK
        assert node.sequence(at, at, begin=True) == OK
        assert render(node, at) == OK
        assert node.sequence(at, at, begin=False) == OK
        assert node.destroy() in (OK, REPLY_DEFAULT)
    assert (tmp_path / "ofx.log").read_text().count(" started: ") == 1


def test_numbers_do_not_depend_on_the_hosts_locale(open_host, host_library):
    import locale

    for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "C.UTF-8"):
        try:
            locale.setlocale(locale.LC_NUMERIC, name)
            break
        except locale.Error:
            continue
    try:
        node = ready(open_host())
        node.set("mode", 'values "strength"')
        assert render(node, 0.5) == OK
        assert json.loads(node.message()[1])[1] == ["ok", "0.25"]
    finally:
        locale.setlocale(locale.LC_NUMERIC, "C")


def test_frames_needed_and_identity_are_the_workers_answers(open_host):
    node = ready(open_host(), "needs [9, 13, 20, 21]")
    assert node.frames_needed(11) == (
        OK,
        {"OfxImageClipPropFrameRange_Source": [9.0, 13.0, 20.0, 21.0]},
    )
    assert node.is_identity(11, (0, 0, 8, 6))[0] == REPLY_DEFAULT
    node.set("mode", "copy")
    assert node.is_identity(11, (0, 0, 8, 6)) == (OK, {"OfxPropName": ["Source"]})


def test_a_preset_changes_parameters_in_one_edit_block(open_host):
    host = open_host()
    node = ready(host)
    node.set(
        "mode",
        "asks "
        + json.dumps(
            [
                ["set", "strength", "0.75"],
                ["set", "corner", "5", "6"],
                ["set", "tint", "1", "2", "3", "4"],
                ["set", "radius", "0.5"],
                ["paramprop", "strength", "i", "OfxParamPropEnabled", "0", "0"],
                ["progress", "start", "working"],
                ["progress", "update", "7"],
                ["progress", "end"],
                ["abort"],
            ]
        ),
    )
    assert node.change("preset") == OK
    heard = json.loads(node.message()[1])
    assert [answer[0] for answer in heard] == [
        "ok",
        "ok",
        "ok",
        "bad",
        "ok",
        "ok",
        "ok",
        "ok",
        "ok",
    ]
    assert node.get("strength")[0] == 0.75
    assert node.get("corner")[:2] == [5, 6]
    assert host.library.th_edits(node.handle) == 1
    assert host.progress == [("start", 0.0), ("update", 1.0), ("end", 1.0)]


def test_what_is_not_for_a_render_is_refused_there(open_host):
    node = ready(open_host())
    asked = [["set", "strength", "1"], ["progress", "start", "x"], ["out", "i", "OfxX", "0", "1"]]
    node.set("mode", "asks " + json.dumps(asked))
    assert render(node) == OK
    heard = json.loads(node.message()[1])
    assert heard == [["no", "not-now"], ["no", "not-now"], ["no", "refused"]]


# --- a host of its own process


def run_host(script, *arguments, timeout=60, environment=None):
    code = (
        f"import sys; sys.path[:0] = [{PLUGINS!r}, {str(Path(PLUGINS).parent)!r},"
        f" {str(Path(__file__).parent)!r}]\n" + script
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )


OPENING = """
import json, os, signal, sys, time
from pathlib import Path
import numpy as np
from filmrestore_openfx.testhost import *
def opened():
    host = ReferenceHost(Path(sys.argv[1]), library=Path(sys.argv[2])).start()
    node = host.create()
    source = HostImage(np.full((4, 4, 4), 7, np.uint8))
    node.connect("Source", lambda _: source)
    return host, node, source
def worker():
    node.set("mode", "pid")
    assert node.render(1, HostImage.blank_like(source)) == 0, node.message()
    return json.loads(node.message()[1])
"""


@linux
def test_a_killed_host_leaves_no_worker_and_no_files(tiny_bundle, host_library, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    script = (
        OPENING
        + """
host, node, source = opened()
print(worker()[0], flush=True)
node.set("mode", "stubborn 60")
node.render(1, HostImage.blank_like(source))
"""
    )
    shared = set(os.listdir("/dev/shm"))
    process = run_host(script, tiny_bundle(), host_library, environment={"TMPDIR": str(scratch)})
    pid = int(process.stdout.readline())
    assert alive(pid)
    process.kill()
    process.communicate()
    assert gone_within(pid, 3)
    assert list(scratch.iterdir()) == []
    assert {name for name in os.listdir("/dev/shm") if "filmrestore" in name} <= shared


@linux
@pytest.mark.parametrize("end", ["sys.exit(0)", "os._exit(0)"])
def test_a_host_that_never_unloads_leaves_no_worker(tiny_bundle, host_library, end):
    script = OPENING + f"host, node, source = opened()\nprint(worker()[0], flush=True)\n{end}\n"
    process = run_host(script, tiny_bundle(), host_library)
    pid = int(process.stdout.readline())
    assert gone_within(pid, 4)
    process.communicate()
    assert process.returncode == 0


@linux
def test_a_library_that_is_closed_without_unload_leaves_no_worker(open_host):
    host = open_host()
    pid = worker_of(ready(host))[0]
    host.library.th_close()
    assert gone_within(pid, 2)


@linux
def test_hostile_surroundings_do_not_reach_the_worker(tiny_bundle, host_library):
    script = (
        OPENING
        + """
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD})
for name in ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "PYTHONSTARTUP"):
    os.environ[name] = "/nowhere"
host, node, source = opened()
first = worker()
status = Path(f"/proc/{first[0]}/status").read_text()
masks = [line.split()[1] for line in status.splitlines() if line.startswith(("SigBlk", "SigIgn"))]
os.kill(first[0], signal.SIGKILL)
time.sleep(0.2)
second = worker()
files = os.listdir(f"/proc/{second[0]}/fd")
print(json.dumps([first, second, masks, os.getpgid(second[0]), files]))
host.check()
host.close()
"""
    )
    out, errors = run_host(script, tiny_bundle(), host_library).communicate(timeout=60)
    assert out, errors
    first, second, masks, group, files = json.loads(out)
    assert first[2] == second[2] == []
    assert first[0] != second[0]
    assert int(masks[0], 16) == 0
    # Python itself ignores SIGPIPE (13) and SIGXFSZ (25), the C library its own 32 and 33.
    assert int(masks[1], 16) & 0x7FFFFFFF & ~(1 << 12 | 1 << 24) == 0
    assert group == second[0]
    assert len(files) < 12


@linux
def test_a_host_with_closed_standard_streams(tiny_bundle, host_library, tmp_path):
    script = (
        OPENING
        + """
os.close(0); os.close(1); os.close(2)
host, node, source = opened()
found = worker()
Path(sys.argv[3]).write_text(str(found[0]))
host.close()
os._exit(0)
"""
    )
    process = run_host(script, tiny_bundle(), host_library, tmp_path / "pid")
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert int((tmp_path / "pid").read_text()) > 0


@linux
def test_a_forked_host_gets_a_worker_of_its_own(tiny_bundle, host_library, tmp_path):
    script = (
        OPENING
        + """
host, node, source = opened()
first = worker()[0]
child = os.fork()
if not child:
    Path(sys.argv[3]).write_text(str(worker()[0]))
    os._exit(0)
os.waitpid(child, 0)
print(json.dumps([first, worker()[0], int(Path(sys.argv[3]).read_text())]))
host.close()
"""
    )
    process = run_host(script, tiny_bundle(), host_library, tmp_path / "pid")
    out, errors = process.communicate(timeout=60)
    assert out, errors
    first, still, forked = json.loads(out)
    assert first == still
    assert forked != first
    assert gone_within(forked, 3)


@linux
def test_descriptors_and_memory_are_flat_over_three_hundred_renders(open_host):
    def state():
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return len(os.listdir("/proc/self/fd")), pages * os.sysconf("SC_PAGE_SIZE")

    frames = {t: HostImage(np.full((64, 64, 4), t % 256, np.uint8)) for t in range(320)}
    node = open_host().create()
    node.connect("Source", frames.get)
    outputs = HostImage.blank_like(frames[0])
    node.set("mode", "times [-1, 0, 1]")
    for at in range(10):
        node.render(at, outputs)
    files, memory = state()
    for at in range(10, 310):
        assert node.render(at, HostImage.blank_like(frames[0])) == OK
    after = state()
    assert after[0] == files
    # One leaked 64x64 picture a render would be 4.9 MB; the allocator itself moves by less.
    assert after[1] - memory < 3_000_000


def test_the_log_is_turned_over_when_it_is_large(open_host, tmp_path):
    log = tmp_path / "ofx.log"
    log.write_bytes(b"x" * ((4 << 20) + 1))
    assert render(ready(open_host())) == OK
    assert log.stat().st_size < 10_000
    assert (tmp_path / "ofx.log.1").stat().st_size == (4 << 20) + 1


def test_the_manifest_may_name_no_log(tiny_bundle, open_host, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    text = "\n".join(
        line for line in tiny_manifest(tmp_path).split("\n") if not line.startswith("log")
    )
    assert render(ready(open_host(tiny_bundle(text)))) == OK
    if sys.platform == "linux":
        assert "ready" in (tmp_path / "state/filmrestore/openfx.log").read_text()


def test_every_action_is_logged_when_asked(open_host, tmp_path, monkeypatch):
    monkeypatch.setenv("FILMRESTORE_OFX_TRACE", "1")
    assert render(ready(open_host(), "invert")) == OK
    text = (tmp_path / "ofx.log").read_text()
    assert "OfxImageEffectActionRender" in text
    assert "image Source 1: 8x6 byte rgba" in text


@pytest.mark.parametrize("place", ["/proc/nowhere/ofx.log", "/dev/full", "."])
def test_a_log_that_cannot_be_written_stops_nothing(open_host, monkeypatch, place):
    monkeypatch.setenv("FILMRESTORE_OFX_LOG", place)
    node = ready(open_host(), "raise")
    assert render(node) == FAILED
    assert node.message() == ("OfxMessageError", "model file not found")
    node.set("mode", "invert")
    assert render(node) == OK
