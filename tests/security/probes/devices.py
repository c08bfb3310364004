"""Looks for more devices than the harmless five."""

import os

more = sorted(set(os.listdir("/dev")) - {"full", "null", "random", "shm", "urandom", "zero"})
answer(more, more)
