"""What the zygote's interpreter executes: pin, import, warm up by doing, then wait in C to be copied.

After ``_zygote.serve`` no Python runs in this process again (see ``native/zygote/zygote.c``). Everything that would make one
copy differ from another, or a copy of one zygote from a copy of the next, has to be settled before that call.
"""

import gc
import os
import sys

sys.path.insert(0, "/opt/sameseed")

from sameseed import _zygote  # noqa: E402

# How long the warm-up waits for a thread that it began.
_THREAD_SECONDS = 10


def main() -> None:
    # Returns only where addresses are already as they should be, or where the host does not allow that.
    _zygote.pin(sys.executable, *sys.orig_argv[1:])
    for name in ("SAMESEED_PINNED", "SAMESEED_FREE_ADDRESSES"):
        os.environ.pop(name, None)
    gc.disable()

    from sameseed.agent import agent
    from sameseed import child, warm

    warm.warm()
    agent.prepare()
    _end_threads()
    report = _report()
    sys.stdout.flush()
    sys.stderr.flush()
    # A collection in a copy would touch, and so copy, every page that holds an object's header.
    gc.collect()
    gc.freeze()
    gc.enable()
    os.chdir("/")
    _zygote.serve(child.main, report)


def _end_threads() -> None:
    """Waits for threads that end by themselves, such as the timer matplotlib sets while it looks for fonts."""
    threading = sys.modules.get("threading")
    if threading is None:
        return
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join(_THREAD_SECONDS)


def _report() -> bytes:
    """What this zygote found of itself, as JSON; a sealed one pins here what only Python can."""
    import json
    import selectors

    from sameseed.world import sealed as world

    # Where sandboxes share an id of the host they may not have epoll; what asks for a selector gets the same everywhere.
    selectors.DefaultSelector = selectors.PollSelector

    is_host = world.name() == "host"
    uneven = not is_host and not _zygote.layout_is_even(__file__)
    found: dict[str, object] = {
        "world": {
            "mode": "host" if is_host else "sealed",
            "lacks": world.lacks() + (["layout"] if uneven else []),
        },
        # What the host has to speak (native/zygote/zygote.h).
        "protocol": _zygote.PROTOCOL,
        # Of sandboxes with a network (native/zygote/loopback.c).
        "loopback": "bounded",
    }
    if not is_host:
        from sameseed.world import numeric, poison

        found["numeric"] = numeric.report()
        poison.poison()
    # The host's is whatever its user has; modes of new files would tell it.
    os.umask(0o022)
    return json.dumps(found).encode()


main()
