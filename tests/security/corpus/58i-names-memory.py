# runs-as: policy
# expects: end: protocol_error by policy DecodeError
# why: an object with a field that tells numpy at which address to read must never be shown to numpy
from sameseed.recording import frames
from sameseed.recording.canonical import encode
from sameseed.recording.canonical_tags import ForeignDataclass

ADDRESS = {"data": (1 << 40, True), "shape": (1,), "typestr": "<i8", "version": 3}
ANSWER = encode(ForeignDataclass("m.C", {"__array_interface__": ADDRESS}))
original = frames.Link.send


def send(self, kind, sequence, payload):
    original(self, kind, sequence, ANSWER if kind == frames.ACTION else payload)


frames.Link.send = send


def act(observation, rng):
    return 0
