"""Whether somebody listens at an abstract address, or at a port of the machine's own network (vsock)."""

import socket

VSOCK = PARAMS["kind"] == "vsock"
ADDRESS = (0xFFFFFFFF, 0x10000 + int(PARAMS["token"], 16) % 0x10000) if VSOCK else b"\0" + PARAMS["token"].encode()


def bound():
    one = socket.socket(socket.AF_VSOCK if VSOCK else socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        one.bind(ADDRESS)
    except OSError:
        one.close()
        raise
    return one


class Writer:
    held = None

    def set(self, bit):
        if self.held is not None:
            self.held.close()
        self.held = bound() if bit else None


class Reader:
    def get(self):
        try:
            bound().close()
        except OSError as error:
            return error.errno == 98
        return False
