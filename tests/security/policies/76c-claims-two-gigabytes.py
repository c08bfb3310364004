# verdict: protocol_error
# at: 1
# why: twenty bytes that claim a text as wide as two gigabytes
from sameseed.recording import frames

ANSWER = bytes.fromhex("d828828101da53530008821a1fffffff816161")
honest_send = frames.Link.send


def send(link, kind, sequence, payload):
    honest_send(link, kind, sequence, ANSWER if kind == frames.ACTION else payload)


frames.Link.send = send


def choose_action(board, player, rng):
    return board.index(None)
