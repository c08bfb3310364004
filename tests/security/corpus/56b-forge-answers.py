# runs-as: policy
# expects: end: protocol_error by policy LinkError
# why: an answer to a question that was not asked yet is no answer
import os

import struct

from sameseed.recording.canonical import encode
from sameseed.recording.frames import ACTION

forged = 0


def act(observation, rng):
    global forged
    forged += 1
    payload = encode(0)
    # Answers for later steps, under a nonce that was guessed.
    os.write(4, struct.pack("<IB3sQ8s", len(payload), ACTION, b"\0\0\0", forged + 7, b"guessed!") + payload)
    return 0
