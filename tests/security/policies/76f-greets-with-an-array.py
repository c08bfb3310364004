# verdict: protocol_error
# at: 1
# why: a greeting that has no truth value: comparing it raises in whoever compares
from sameseed.recording import frames

ANSWER = bytes.fromhex("d828828102d8404200ff")
honest_send = frames.Link.send


def send(link, kind, sequence, payload):
    honest_send(link, kind, sequence, ANSWER if kind == frames.READY else payload)


frames.Link.send = send


def choose_action(board, player, rng):
    return board.index(None)
