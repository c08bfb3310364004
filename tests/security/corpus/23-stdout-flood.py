# runs-as: script
# limits: outputBytes=1048576
# expects: end: output
# control-limits: outputBytes=4294967296 wallMs=1500
# why: a program that writes a gigabyte a second must not fill the host's memory
import os

part = b"flood\n" * 10_000
while True:
    os.write(1, part)
