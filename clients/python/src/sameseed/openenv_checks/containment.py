"""Whether what runs inside of an environment can reach the machine that it runs on.

Baits are laid out on this machine: a file, a port, a process. A probe looks for them from inside, and before that from outside,
where it must find every one: a probe that finds nothing anywhere says nothing.
"""

from __future__ import annotations

import json
import pkgutil
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .session import Session, SessionError

_PROBE = (pkgutil.get_data(__name__, "reach.py") or b"").decode()
_SLEEP = "import time; time.sleep(600)"
_BAITS = 7
# What a subject has of its own is no bait of ours.
_NOT_LAID = "the socket of a container engine is there"
_ENVIRONMENT = '''
import gymnasium


class Reach(gymnasium.Env):
    observation_space = action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, bait):
        self.bait = bait

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return 0, {"reached": reached(self.bait), "heard": self.bait["word"]}

    def step(self, action):
        return 0, 0.0, True, False, {}
'''


class NotMeasured(Exception):
    """Nothing can be said, and why."""


@contextmanager
def baits() -> Iterator[dict[str, Any]]:
    """Lays out what must not be reached."""
    word = secrets.token_hex(16)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="sameseed-bait-"))
        file = Path(folder, "secret")
        file.write_text(word)
        shared = Path("/dev/shm", f"bait-{word}")
        shared.write_text(word)
        stack.callback(shared.unlink, missing_ok=True)
        port = _serve(stack, socket.AF_INET, ("127.0.0.1", 0), word)[1]
        _serve(stack, socket.AF_UNIX, "\0" + word, word)
        process = subprocess.Popen([sys.executable, "-c", _SLEEP, f"bait-{word}"])
        stack.callback(process.wait)
        stack.callback(process.kill)
        yield {"file": str(file), "shared": str(shared), "port": port, "word": word}


def reached_from_inside(subject: Any, base_url: str, reset: dict[str, Any], timeout: float) -> list[str]:
    """What can be reached from inside of a subject.

    Raises `NotMeasured` where there is no way inside, or where the baits are not this machine's.
    """
    if sys.platform != "linux":
        raise NotMeasured("the baits are of Linux: run the validator there")
    with baits() as bait:
        outside = _from_here(bait)
        if len(outside) != _BAITS:
            raise NotMeasured("the baits cannot be found from outside either: a sandbox around the validator?")
        execute = getattr(subject, "exec", None)
        if execute is not None:
            found = _by_command(execute, bait, timeout)
        else:
            if urlsplit(base_url).hostname not in ("127.0.0.1", "localhost", "::1"):
                raise NotMeasured("the environment runs on another machine: run the validator there")
            found = _by_environment(base_url, reset, bait, timeout)
        return _with_written(found, bait)


def _from_here(bait: dict[str, Any]) -> list[str]:
    told = subprocess.run(
        [sys.executable, "-I", "-c", _PROBE, json.dumps(bait)], capture_output=True, text=True, timeout=60
    ).stdout
    found = [name for name in _told(told) if name != _NOT_LAID]
    return _with_written(found, bait)


def _by_command(execute: Any, bait: dict[str, Any], timeout: float) -> list[str]:
    told = execute(["python3", "-c", _PROBE, json.dumps(bait)], timeout)
    if told.exit_code != 0:
        raise NotMeasured(f"the probe did not run inside: python3 ended with {told.exit_code}")
    return _told(told.stdout)


def _by_environment(base_url: str, reset: dict[str, Any], bait: dict[str, Any], timeout: float) -> list[str]:
    """An environment of ours, where the server takes one as text: it runs where the server's own do."""
    # As a module it is not the program that prints.
    source = _PROBE.split('if __name__ == "__main__":')[0] + _ENVIRONMENT
    given = {name: value for name, value in reset.items() if name in ("image", "backend", "limits", "world")}
    environment = {"source": source, "className": "Reach"}
    try:
        with Session(base_url, timeout) as session:
            told = session.ask("reset", {**given, "seed": 0, "env": environment, "envArgs": {"bait": bait}})
    except SessionError as error:
        raise NotMeasured(f"no probe can be run inside: {error}") from error
    seen = told.get("observation")
    info = seen.get("info") if isinstance(seen, dict) else None
    if not isinstance(info, dict) or info.get("heard") != bait["word"]:
        raise NotMeasured("no probe can be run inside: the server takes no environment as text")
    return [str(name) for name in info["reached"]]


def _told(text: str) -> list[str]:
    for line in text.splitlines():
        if line.startswith("REACHED "):
            return [str(name) for name in json.loads(line.removeprefix("REACHED "))]
    raise NotMeasured("the probe told nothing")


def _with_written(found: list[str], bait: dict[str, Any]) -> list[str]:
    written = Path(bait["file"] + ".written")
    if not written.exists():
        return found
    written.unlink()
    return [*found, "a file of the host can be written"]


def _serve(stack: ExitStack, family: int, address: Any, word: str) -> Any:
    server = socket.socket(family, socket.SOCK_STREAM)
    server.bind(address)
    server.listen()
    stack.callback(server.close)
    # Closing alone does not wake the thread that waits.
    stack.callback(_shutdown, server)

    def answer() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                client.sendall(word.encode())

    threading.Thread(target=answer, daemon=True).start()
    return server.getsockname()


def _shutdown(server: socket.socket) -> None:
    try:
        server.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


