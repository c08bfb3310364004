# verdict: crash
# at: 1
# says: KeyboardInterrupt|interrupt
# why: not every exception is an Exception
def choose_action(board, player, rng):
    raise KeyboardInterrupt("interrupt")
