"""One user has only so many descriptors on their way through sockets."""

import array
import errno
import os
import resource
import socket

try:
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
except OSError:
    pass  # a sandbox has this limit, and may not set it


def send(one, many):
    one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * many))])


class Writer:
    held = None

    def set(self, bit):
        if self.held is not None:
            for end in self.held:
                end.close()
        self.held = socket.socketpair() if bit else None
        for _ in range(2 if bit else 0):
            send(self.held[0], 200)


class Reader:
    def get(self):
        ends = socket.socketpair()
        try:
            send(ends[0], 1)
        except OSError as error:
            return error.errno == errno.ETOOMANYREFS
        finally:
            for end in ends:
                end.close()
        return False
