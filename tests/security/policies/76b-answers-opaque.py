# verdict: protocol_error
# at: 1
# why: ten bytes that stand for a value without an encoding, which no record may hold
from sameseed.recording import frames

ANSWER = bytes.fromhex("da5353000a6461626364")
honest_send = frames.Link.send


def send(link, kind, sequence, payload):
    honest_send(link, kind, sequence, ANSWER if kind == frames.ACTION else payload)


frames.Link.send = send


def choose_action(board, player, rng):
    return board.index(None)
