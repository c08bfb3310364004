# verdict: crash
# at: 1
# limits: processes=16
# why: processes end at the seat's limit; every copy then says the same, once is believed
import os


def choose_action(board, player, rng):
    while True:
        os.fork()
