# runs-as: policy
# expects: forged: 3
# expects: end: terminated
# expects: record: as the honest policy's
# control-in-process: record
# why: a policy that writes the best possible result on every descriptor but its link has written to nobody
import json
import os
import struct

from kit import say

result = json.dumps({"outcome": "terminated", "totalReward": 1e9, "steps": 500}).encode()
RECORD, END = 1, 3
forged = 0
for fd in range(256):
    if fd == 4:
        continue
    for kind in (RECORD, END):
        try:
            os.write(fd, struct.pack("<BI", kind, len(result)) + result + b"\n\x1b[2J\x1b]0;owned\x07\n")
        except OSError:
            break
    else:
        forged += fd != 0
say("", "")
say("forged", forged)


def act(observation, rng):
    print(result.decode(), flush=True)
    return 0
