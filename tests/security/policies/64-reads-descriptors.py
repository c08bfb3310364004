# verdict: none
# why: no descriptor leads to the referee's stream or to the opponent
import os
import socket
import stat


def is_open(fd):
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def choose_action(board, player, rng):
    found = [fd for fd in range(256) if is_open(fd)]
    # The standard three, the stream behind them, and the link.
    if [fd for fd in found if fd > 4]:
        raise RuntimeError(f"got through: descriptors {found} are open")
    for fd in (0, 1, 2, 3):
        os.set_blocking(fd, False)
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                with socket.socket(fileno=os.dup(fd)) as stream:
                    got = stream.recv(64)
            else:
                got = os.read(fd, 64)
        except OSError:
            continue
        if got:
            raise RuntimeError(f"got through: descriptor {fd} says {got!r}")
    return board.index(None)
