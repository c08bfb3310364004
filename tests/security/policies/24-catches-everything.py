# verdict: cpu_limit
# at: 1
# clocks: moveCpuMs=200
# why: a loop that catches every exception cannot be ended by one
def choose_action(board, player, rng):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
