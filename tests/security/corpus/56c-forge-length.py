# runs-as: policy
# expects: end: protocol_error by policy LinkError
# why: four gigabytes that a frame announces must not be made room for
import os
import struct
import time


def act(observation, rng):
    os.write(4, struct.pack("<IB3sQ8s", 0xFFFFFFFF, 4, b"\0\0\0", 1, bytes(8)))
    time.sleep(60)
