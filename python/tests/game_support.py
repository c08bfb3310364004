"""Plays games in tests: forks the referee and whoever sits behind a link, and takes the stream apart."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable

from sameseed.play import game_referee
from sameseed.recording.canonical import encode
from sameseed.recording.frames import ACTION, HELLO, MAX_TO_POLICY, MAX_TO_REFEREE, READY, STEP, Link, LinkClosed
from support import Rollout, _above_three, drain, fork, parse

GAME = {"kind": "game", "id": "tictactoe"}
Opponent = Callable[[socket.socket], None]


def builtin(seat: str, name: str) -> dict:
    return {"seat": seat, "kind": "builtin", "name": name}


def play_raw(seats: list[dict], seeds: list[int], opponents: dict[str, Opponent] | None = None, **more) -> bytes:
    """Plays in a child; each opponent gets the far end of its seat's link in a child of its own."""
    ours, theirs = map(_above_three, socket.socketpair())
    links = {seat: tuple(map(_above_three, socket.socketpair())) for seat in opponents or {}}
    for spec in seats:
        if spec["seat"] in links:
            spec |= {"kind": "remote", "fd": links[spec["seat"]][0].fileno(), "wall_ms": more.pop("wall_ms", 5000)}
    ends = [ours, *(far for _, far in links.values())]

    def referee() -> None:
        for end in ends:
            end.close()
        arguments = {"environment": GAME, "env_args": {}} | more
        game_referee.play(seeds=seeds, seats=seats, fd=theirs.fileno(), **arguments)

    children = [fork(referee)]
    for seat, (near, far) in links.items():

        def opponent(seat=seat, far=far) -> None:
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


def play(seats: list[dict], seed: int = 7, **more) -> Rollout:
    return parse(play_raw(seats, [seed], **more))


def hear_out(far: socket.socket) -> None:
    """Reads until the referee is gone."""
    try:
        while far.recv(1 << 10):
            pass
    except ConnectionResetError:
        pass


def split(raw: bytes) -> list[bytes]:
    games, start, at = [], 0, 0
    while at < len(raw):
        kind, length = struct.unpack_from("<BI", raw, at)
        at += 5 + length
        if kind == 3:
            games.append(raw[start:at])
            start = at
    assert start == len(raw), "bytes behind the last END"
    return games


def answering(cells: list) -> Opponent:
    """A well-behaved seat that answers with the given cells."""

    def serve(far: socket.socket) -> None:
        link = Link(far.detach(), MAX_TO_POLICY, MAX_TO_REFEREE)
        link.receive((HELLO,), 0)
        link.send(READY, 0, encode({}))
        try:
            for number, cell in enumerate(cells, 1):
                link.receive((STEP,), number)
                link.send(ACTION, number, encode(cell))
            link.receive((STEP,), len(cells) + 1)
        except LinkClosed:
            pass

    return serve
