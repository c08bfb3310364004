# runs-as: policy
# expects: end: protocol_error by policy DecodeError
# why: twenty bytes that claim a text as wide as two gigabytes must not take the referee's memory
from sameseed.recording import frames

ANSWER = bytes.fromhex("d828828101da53530008821a1fffffff816161")
original = frames.Link.send


def send(self, kind, sequence, payload):
    original(self, kind, sequence, ANSWER if kind == frames.ACTION else payload)


frames.Link.send = send


def act(observation, rng):
    return 0
