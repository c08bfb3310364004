# runs-as: script
# expects: unix: EPERM
# expects: inet: EPERM
# expects: inet6: EPERM
# expects: raw: EPERM
# expects: netlink: EPERM
# expects: packet: EPERM
# expects: alg: EPERM
# expects: vsock: EPERM
# expects: bluetooth: EPERM
# expects: pair inet: EAFNOSUPPORT
# expects: bind: EPERM
# expects: bind abstract: EPERM
# expects: listen: EPERM
# control: unix, inet, inet6, netlink, bind, bind abstract, listen
# why: each family of sockets is a way out or a part of the kernel with a history
import socket

from kit import attempt

families = {"unix": 1, "inet": 2, "inet6": 10, "netlink": 16, "vsock": 40, "bluetooth": 31}
for name, family in families.items():
    attempt(name, lambda family=family: socket.socket(family, socket.SOCK_STREAM if family != 16 else socket.SOCK_RAW))
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
attempt("packet", lambda: socket.socket(17, socket.SOCK_RAW))
attempt("alg", lambda: socket.socket(38, socket.SOCK_SEQPACKET))
attempt("pair inet", lambda: socket.socketpair(socket.AF_INET))
mine, _ = socket.socketpair()
attempt("bind", lambda: mine.bind("/tmp/socket"))
attempt("bind abstract", lambda: mine.bind("\0sameseed"))
attempt("listen", lambda: mine.listen())
