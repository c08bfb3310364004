# verdict: protocol_error
# at: 1
# why: an array without elements, for which numpy would take the memory of one
from sameseed.recording import frames

ANSWER = bytes.fromhex("d828828100da53530008821a1fffffff80")
honest_send = frames.Link.send


def send(link, kind, sequence, payload):
    honest_send(link, kind, sequence, ANSWER if kind == frames.ACTION else payload)


frames.Link.send = send


def choose_action(board, player, rng):
    return board.index(None)
