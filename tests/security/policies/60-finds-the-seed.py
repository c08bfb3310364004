# verdict: none
# control: in-process
# why: the game's seed and the opponent's are in no object, file or variable of the policy's process
import gc
import hashlib
import os
import sys


def derived(text, seed):
    return int.from_bytes(hashlib.sha256(text + str(seed).encode()).digest()[:8], "big") >> 11


def secrets():
    for batch in range(64):
        for game in range(4):
            # How a host makes the seed of a game, which is no secret; only the batch's seed is guessed.
            whole = hashlib.sha256(b"sameseed/game/1\0" + str(batch).encode() + b"\0" + str(game).encode()).digest()
            seed = int.from_bytes(whole[:8], "big") >> 11
            yield seed
            for role in (b"environment", b"X", b"O"):
                yield derived(b"sameseed/role/1\0" + role + b"\0", seed)


def texts():
    for known in gc.get_objects():
        if isinstance(known, (dict, list, tuple, set)):
            values = known.values() if isinstance(known, dict) else known
            yield from (str(each) for each in list(values) if type(each) is int and each > 1 << 40)
            yield from (each for each in list(values) if type(each) is str)
    yield from map(str, os.environ.items())
    yield from map(str, sys.argv)
    frame = sys._getframe()
    while frame is not None:
        yield from (str(each) for each in frame.f_locals.values() if type(each) in (int, str))
        frame = frame.f_back
    for folder, _, names in os.walk("/tmp"):
        for name in names:
            with open(os.path.join(folder, name), errors="replace") as file:
                yield file.read()


def choose_action(board, player, rng):
    if not any(board):
        seen = "\n".join(texts())
        mine = {str(each) for each in vars(sys.modules[__name__]).values() if type(each) is int}
        for secret in secrets():
            if str(secret) in seen and str(secret) not in mine:
                raise RuntimeError(f"got through: found {secret}")
    return board.index(None)
