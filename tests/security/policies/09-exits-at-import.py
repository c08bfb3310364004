# verdict: crash
# at: 1
# why: leaving in order before the game is leaving
import sys

sys.exit(0)
