# runs-as: policy
# expects: end: protocol_error by policy DecodeError
# why: a pickle behind a correct frame is bytes that do not decode, and is never loaded
import os
import pickle
import struct

from sameseed.recording import frames


class Bomb:
    def __reduce__(self):
        return (os._exit, (0,))


original = frames.Link.send


def send(self, kind, sequence, payload):
    if kind == frames.ACTION:
        payload = pickle.dumps(Bomb())
        head = struct.pack("<IB3sQ8s", len(payload), kind, b"\0\0\0", sequence, self.nonce)
        os.write(self.fd, head + payload)
        return
    original(self, kind, sequence, payload)


frames.Link.send = send


def act(observation, rng):
    return 0
