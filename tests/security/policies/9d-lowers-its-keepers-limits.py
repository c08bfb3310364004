# verdict: crash
# at: 1
# mode: restart
# why: a limit of the process that starts each move would outlive the move
import resource


def choose_action(board, player, rng):
    for pid in (1, 0):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (5, 5))
    return board.index(None)
