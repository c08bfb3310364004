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
# expects[host]: by the library: EPERM
# expects[sealed]: by the library: ENETUNREACH
# expects: pair inet: EAFNOSUPPORT
# expects: bind: EPERM
# expects: bind abstract: EPERM
# expects: listen: EPERM
# control: unix, inet, inet6, netlink, bind, bind abstract, listen
# why: each family of sockets is a way out or a part of the kernel with a history
import socket

from kit import attempt, call

STREAM, RAW, SEQPACKET = 1, 3, 5
families = {"unix": 1, "inet": 2, "inet6": 10, "netlink": 16, "vsock": 40, "bluetooth": 31}
for name, family in families.items():
    attempt(name, lambda family=family: call("socket", family, STREAM if family != 16 else RAW, 0))
attempt("raw", lambda: call("socket", 2, RAW, 1))
attempt("packet", lambda: call("socket", 17, RAW, 0))
attempt("alg", lambda: call("socket", 38, SEQPACKET, 0))
# A sealed world's library says that there is no network; without it the wall answers, as above.
attempt("by the library", lambda: socket.socket(socket.AF_INET))
attempt("pair inet", lambda: socket.socketpair(socket.AF_INET))
mine, _ = socket.socketpair()
attempt("bind", lambda: mine.bind("/tmp/socket"))
attempt("bind abstract", lambda: mine.bind("\0sameseed"))
attempt("listen", lambda: mine.listen())
