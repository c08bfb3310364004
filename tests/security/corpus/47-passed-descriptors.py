# runs-as: policy
# expects: passed: EPERM
# expects: end: terminated
# expects: record: as the honest policy's
# why: descriptors can travel with bytes, and count for everybody of the user while they do; no sandbox sends any
import errno
import os
import socket

from kit import say

from sameseed.recording import frames

ends = []
link = socket.socket(fileno=os.dup(4))
folder = os.open("/", os.O_RDONLY)


def write_with_descriptors(fd, data):
    data = bytes(data)
    if fd != 4:
        return os.write(fd, data)
    # Open files, a folder to climb out of, and the link itself, with each frame.
    try:
        sent = socket.send_fds(link, [data], [folder, 0, 4, 3])
        seen = "yes"
    except OSError as error:
        sent = os.write(fd, data)
        seen = errno.errorcode[error.errno]
    if not ends:
        ends.append(sent)
        say("passed", seen)
    return sent


class Os:
    write = staticmethod(write_with_descriptors)
    readv = staticmethod(os.readv)
    close = staticmethod(os.close)

    def __getattr__(self, name):
        return getattr(os, name)


frames.os = Os()


def act(observation, rng):
    return 0
