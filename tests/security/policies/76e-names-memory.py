# verdict: protocol_error
# at: 1
# why: an object with a field that tells numpy at which address to read
from sameseed.recording import frames
from sameseed.recording.canonical import encode
from sameseed.recording.canonical_tags import ForeignDataclass

ADDRESS = {"data": (1 << 40, True), "shape": (1,), "typestr": "<i8", "version": 3}
ANSWER = encode(ForeignDataclass("m.C", {"__array_interface__": ADDRESS}))
honest_send = frames.Link.send


def send(link, kind, sequence, payload):
    honest_send(link, kind, sequence, ANSWER if kind == frames.ACTION else payload)


frames.Link.send = send


def choose_action(board, player, rng):
    return board.index(None)
