"""A recorder for tic-tac-toe, whose values are few: it puts together in one go what the general one encodes piece by piece.

Its bytes are the general recorder's; python/tests/test_games.py compares them.
"""

from __future__ import annotations

import struct

from .canonical import encode
from .frames import RECORD
from .recorder import Recorder

_pack_float = struct.Struct(">d").pack
_CELLS = {mark: encode(mark) for mark in (None, "X", "O")}
_INFOS = {agent: encode({"agent": agent}) for agent in ("X", "O")} | {None: encode({})}
_TRUTHS = {value: encode(value) for value in (False, True)}
_NUMBERS = [encode(number) for number in range(16)]


class BoardRecorder(Recorder):
    """Records `{board, player}` observations, `{agent}` infos, float rewards, and no hidden state."""

    def boundary(self) -> None:
        # Sameseed's own game asks nothing of the world; what the seats' answers took is not the game's.
        self._asked = b""

    def action(self, action: object) -> bytes:
        return _NUMBERS[action]

    def step(self, action: bytes, result: tuple) -> None:
        seen, reward, terminated, truncated, info = result
        cells = _CELLS
        self.info = _INFOS[info.get("agent")]
        self.observation = b"".join(
            [b"\xa2\x65board\x89", *[cells[mark] for mark in seen["board"]], b"\x66player", cells[seen["player"]]]
        )
        number = self._next
        payload = b"".join(
            (
                b"\xa8\x61k",
                _NUMBERS[number],
                b"\x64info",
                self.info,
                b"\x66action",
                action,
                b"\x66hidden\xa0\x66reward\xfb",
                _pack_float(reward),
                b"\x69truncated",
                _TRUTHS[truncated],
                b"\x6aterminated",
                _TRUTHS[terminated],
                b"\x6bobservation",
                self.observation,
            )
        )
        self._stream.send(RECORD, payload)
        self._next = number + 1
