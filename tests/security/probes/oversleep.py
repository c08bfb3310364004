"""Stays longer than it may."""

import time

time.sleep(1.5)
answer(True, "still here")
