"""Stays longer than it may."""

wait_really(1.5)
answer(True, "still here")
