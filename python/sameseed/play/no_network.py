"""What is said where an environment failed for want of a network.

It may have caught the error of the socket and raised one of its own, so the exceptions behind it are looked at, and the
words of the last one.
"""

from __future__ import annotations

import errno
import re
import socket

from ..world import sealed
from .failures import behind

ASK = (
    'the sandbox has no network; if the environment talks to a program that it starts, ask for one of its own: '
    'network: "loopback" (--network loopback)'
)

_REFUSED = frozenset({errno.EPERM, errno.ENETUNREACH})
_WORDS = re.compile(r"\b(connect(ion|ing)?|sockets?|grpc|zmq|websocket)\b", re.IGNORECASE)


def network_hint(error: BaseException) -> str:
    """One sentence where what the exception says, or one behind it, is explained by a missing network; else nothing."""
    return ASK if _is_about_sockets(error) and _is_missing() else ""


def _is_about_sockets(error: BaseException) -> bool:
    for seen in behind(error):
        if isinstance(seen, (ConnectionError, socket.gaierror)):
            return True
        if isinstance(seen, OSError) and seen.errno in _REFUSED and seen.filename is None and _in_socket(seen):
            return True
        if type(seen).__str__ is not object.__str__ and _says_so(seen):
            return True
    return False


def _in_socket(error: BaseException) -> bool:
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
        if name in ("socket.py", "base_events.py") or "socket" in trace.tb_frame.f_code.co_names:
            return True
        trace = trace.tb_next
    return False


def _says_so(error: BaseException) -> bool:
    try:
        return any(type(part) is str and _WORDS.search(part[:1000]) is not None for part in error.args)
    except BaseException:
        return False


def _is_missing() -> bool:
    """Whether no socket can be made; asking is no part of the program."""
    sealed.asked()
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
        return False
    except OSError:
        return True
    finally:
        sealed.forget()
