# verdict: crash
# at: 1
# says: No space left
# limits: diskMb=4
# why: a policy that cannot do without its disk fails by itself
def choose_action(board, player, rng):
    with open("/tmp/full", "wb", buffering=0) as file:
        while True:
            file.write(b"x" * 65536)
