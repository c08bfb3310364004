"""The first Python code of every sandbox: takes its job apart and runs it.

A job is ``u32 length of the head | head (JSON) | body``. The head names the entry and the lengths of what the body
holds, in order: each file to put in place, then the script's source.
"""

import builtins
import json
import os
import sys
import traceback
import types
from typing import NoReturn

from sameseed.world import sealed as world

STREAM_FD = 3
CRASHED = 1

# Jobs to run when the one that runs is over: of a process that was copied (play/prepared.py).
following: list[bytes] = []


def main(job: bytes) -> NoReturn:
    status = CRASHED
    try:
        status = run(job)
        while following:
            status = run(following.pop(), goes_on=True)
    except SystemExit as end:
        status = _exit_status(end)
    except BaseException:
        traceback.print_exc()
    finally:
        _leave(status)


def run(job: bytes, goes_on: bool = False) -> int:
    length = int.from_bytes(job[:4], "little")
    head = json.loads(job[4 : 4 + length])
    if "perturb" in head:
        from sameseed.audit import perturb

        # Before the world begins: what an audit does to it is no part of what the script asks of it.
        perturb.apply(head["perturb"])
    if goes_on:
        world.go_on(head["world"])
    else:
        world.begin(head.get("world"))
    at = 4 + length
    for file in head["files"]:
        _put(file["path"], job[at : at + file["bytes"]])
        at += file["bytes"]
    os.environ.update(head["env"])
    if head["entry"] == "agent":
        from sameseed.agent import agent

        agent.serve(STREAM_FD)
    else:
        if "perturb" in head:
            perturb.start_threads(head["perturb"])
        if "explain" in head:
            from sameseed.audit import explain

            explain.begin(head["explain"])
        if not goes_on:
            # What was asked so far is not the script's doing.
            world.boundary(0)
        _execute(head["name"], job[at:])
    return 0


def _put(path: str, data: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def _execute(name: str, source: bytes) -> None:
    script = types.ModuleType("__main__")
    script.__file__ = name
    script.__builtins__ = builtins  # type: ignore[attr-defined]
    sys.modules["__main__"] = script
    sys.argv = [name]
    exec(compile(source, name, "exec"), script.__dict__)


def _exit_status(end: SystemExit) -> int:
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code & 0xFF
    print(end.code, file=sys.stderr)
    return CRASHED


def _leave(status: int) -> NoReturn:
    # Not through the interpreter's own end: tearing down the warm heap costs more than the rollout, and the kernel
    # takes everything back at once.
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        pass
    os._exit(status)
