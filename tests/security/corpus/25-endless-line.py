# runs-as: command
# limits: outputBytes=1048576
# expects: end: output
# control-limits: outputBytes=2147483648 wallMs=1500
# why: two gigabytes without a line feed must not wait for one in anybody's buffer
import os

part = b"x" * 65536
for _ in range(2 << 15):
    os.write(1, part)
