# runs-as: policy
# expects: end: protocol_error by policy DecodeError
# why: a stand-in for a value without an encoding must not get into a record, which would be refused as the environment's
from sameseed.recording import frames

ANSWER = bytes.fromhex("da5353000a6461626364")
original = frames.Link.send


def send(self, kind, sequence, payload):
    original(self, kind, sequence, ANSWER if kind == frames.ACTION else payload)


frames.Link.send = send


def act(observation, rng):
    return 0
