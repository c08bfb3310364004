"""Plays the host in tests: runs the referee and policy hosts in forked children and takes their frames apart."""

from __future__ import annotations

import os
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

from sameseed.recording.canonical_decode import CHAIN, VOLATILE, decode
from sameseed.policy.seat_host import serve
from sameseed.play.referee import run

HERE = os.path.dirname(os.path.abspath(__file__))
POLICY_SEED = 0x0123456789ABCDEF0123456789ABCDEF


@dataclass
class Rollout:
    """The frames of one rollout, decoded, and the raw stream."""

    raw: bytes
    records: list[dict] = field(default_factory=list)
    volatile: list[dict] = field(default_factory=list)
    end: dict | None = None

    @property
    def closing(self) -> dict:
        return self.records[-1]

    @property
    def steps(self) -> list[dict]:
        return [record for record in self.records if "reward" in record]


def parse(raw: bytes) -> Rollout:
    rollout = Rollout(raw)
    at = 0
    while at < len(raw):
        kind, length = struct.unpack_from("<BI", raw, at)
        payload = raw[at + 5 : at + 5 + length]
        assert len(payload) == length, "the stream ends inside a frame"
        assert rollout.end is None, "a frame after END"
        at += 5 + length
        value = decode(payload, VOLATILE if kind == 2 else CHAIN)
        if kind == 1:
            assert value["k"] == len(rollout.records)
            rollout.records.append(value)
        elif kind == 2:
            rollout.volatile.append(value)
        elif kind == 3:
            rollout.end = value
        else:
            raise AssertionError(f"frame type {kind}")
    return rollout


def fork(body: Callable[[], None]) -> int:
    """Runs `body` in a child and returns its pid."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        body()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def drain(stream: socket.socket) -> bytes:
    parts = []
    while data := stream.recv(1 << 16):
        parts.append(data)
    return b"".join(parts)


Opponent = Callable[[socket.socket], None]


def play_raw(
    environment: dict,
    seats: list[dict],
    *,
    seeds: list[int],
    opponents: dict[str, Opponent] | None = None,
    before: Callable[[], None] | None = None,
    answer_ms: int | None = None,
    wall_ms: int = 5000,
    **arguments: object,
) -> bytes:
    """Plays with the stream on fd 3; each opponent gets the far end of its seat's link in a child of its own."""
    # The children use fd 3 for the stream, so nothing else may sit there.
    ours, theirs = map(_above_three, socket.socketpair())
    links = {seat: tuple(map(_above_three, socket.socketpair())) for seat in opponents or {}}
    remote = {"kind": "remote", "answer_ms": answer_ms, "wall_ms": wall_ms}
    specs = [
        seat | remote | {"fd": links[seat["seat"]][0].fileno()} if seat["seat"] in links else seat for seat in seats
    ]

    def referee() -> None:
        os.dup2(theirs.fileno(), 3)
        for end in (ours, theirs, *(far for _, far in links.values())):
            end.close()
        if before is not None:
            before()
        run(seeds=seeds, environment=environment, seats=specs, **({"env_args": {}} | arguments))

    children = [fork(referee)]
    for seat, (_, far) in links.items():

        def opponent(seat: str = seat, far: socket.socket = far) -> None:
            for other in (ours, theirs, *(end for pair in links.values() for end in pair if end is not far)):
                other.close()
            opponents[seat](far)

        children.append(fork(opponent))
    for end in (theirs, *(end for pair in links.values() for end in pair)):
        end.close()
    raw = drain(ours)
    ours.close()
    statuses = [os.waitpid(child, 0)[1] for child in children]
    assert statuses[0] == 0, f"the referee ended with status {statuses[0]}"
    return raw


def play(
    environment: dict | str,
    policy: dict | None = None,
    *,
    seed: int = 7,
    env_args: dict | None = None,
    opponent: Opponent | None = None,
    **arguments: object,
) -> Rollout:
    """Plays one rollout of an environment with one seat."""
    if isinstance(environment, str):
        environment = {"kind": "gymnasium", "id": environment}
    seat = {"seat": "agent", "kind": "builtin", "name": "random"} if policy is None else {"seat": "agent", **policy}
    opponents = {} if opponent is None else {"agent": opponent}
    return parse(play_raw(environment, [seat], seeds=[seed], opponents=opponents, env_args=env_args or {}, **arguments))


def _above_three(end: socket.socket) -> socket.socket:
    if end.fileno() > 3:
        return end
    copies = []
    while True:
        copy = end.dup()
        if copy.fileno() > 3:
            break
        copies.append(copy)
    for unused in (*copies, end):
        unused.close()
    return copy


def policy_from(path: str, seed: int = POLICY_SEED) -> Opponent:
    """An opponent that serves the policy file at `path`."""
    return lambda far: serve(seed=seed, fd=far.detach(), path=path, seat="agent", mode="keep", move_us=0)


def fixture(name: str) -> str:
    return os.path.join(HERE, "fixtures", name)


def file_env(name: str, file: str = "envs.py") -> dict:
    return {"kind": "file", "path": fixture(file), "class": name}
