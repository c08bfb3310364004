# runs-as: script
# expects[host]: metadata service: EPERM
# expects[host]: host's loopback: EPERM
# expects[sealed]: metadata service: ENETUNREACH
# expects[sealed]: host's loopback: ENETUNREACH
# expects: name: EPERM|gaierror
# expects: interfaces: EPERM
# expects: connect: EPERM
# control: metadata service, interfaces, connect
# why: the address that gives a cloud machine's credentials to whoever asks is one connection away
import socket

from kit import attempt, call

attempt("metadata service", lambda: socket.create_connection(("169.254.169.254", 80), 1))
attempt("host's loopback", lambda: socket.create_connection(("127.0.0.1", 22), 1))
attempt("name", lambda: socket.create_connection(("example.com", 443), 1))
attempt("interfaces", lambda: socket.if_nameindex())
mine, _ = socket.socketpair()
attempt("connect", lambda: mine.connect("\0/org/freedesktop/systemd1"))
