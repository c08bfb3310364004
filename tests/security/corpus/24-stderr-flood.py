# runs-as: script
# limits: outputBytes=1048576
# expects: end: output
# control-limits: outputBytes=4294967296 wallMs=1500
# why: standard error is the same pipe to the host's memory as standard output
import os

part = b"flood\n" * 10_000
while True:
    os.write(2, part)
