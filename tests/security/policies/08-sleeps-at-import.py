# verdict: wall_limit
# at: 1
# clocks: moveWallMs=1500
# why: whoever waits while loading uses no CPU time, and must still not hold up the game
import signal

signal.pause()
