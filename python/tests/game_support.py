"""Plays games in tests, and the seats they are played against."""

from __future__ import annotations

import socket
import struct

import support
from sameseed.recording.canonical import encode
from sameseed.recording.frames import ACTION, HELLO, MAX_TO_POLICY, MAX_TO_REFEREE, READY, STEP, Link, LinkClosed
from support import Opponent, Rollout, parse

GAME = {"kind": "builtin", "id": "tictactoe"}


def builtin(seat: str, name: str) -> dict:
    return {"seat": seat, "kind": "builtin", "name": name}


def play_raw(seats: list[dict], seeds: list[int], environment: dict = GAME, **more: object) -> bytes:
    return support.play_raw(environment, seats, seeds=seeds, **more)


def play(seats: list[dict], seed: int = 7, **more: object) -> Rollout:
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
