"""What every hostile program of the verdict fuzzer begins with: the means of its deeds. It stands before the program's own lines."""

import ctypes
import errno
import gc
import os
import resource
import signal
import socket
import struct
import sys
import threading
import time

import sameseed.play.failures as failures
from sameseed.recording import frames
from sameseed.recording.canonical import encode
from sameseed.recording.canonical_tags import ForeignDataclass, ForeignEnum, ForeignTuple, Opaque

calls = 0


def link():
    return next(each for each in gc.get_objects() if isinstance(each, frames.Link))


def frame(kind, payload, sequence=None, nonce=None, length=None, pad=b"\0\0\0"):
    sequence = calls if sequence is None else sequence
    nonce = link().nonce if nonce is None else nonce
    return struct.pack("<IB3sQ8s", len(payload) if length is None else length, kind, pad, sequence, nonce) + payload


def write(data):
    while data:
        data = data[os.write(link().fd, data) :]


def fail(name, message="own words"):
    raise type(name, (Exception,), {})(message)


def recurse(deed):
    def down(left):
        return deed() if left == 0 else down(left - 1)

    down(900)


def in_thread(deed):
    thread = threading.Thread(target=deed)
    thread.start()
    thread.join(0.2)


def in_child(deed):
    pid = os.fork()
    if pid == 0:
        try:
            deed()
        finally:
            os._exit(0)
    return pid


def at_signal(deed):
    signal.signal(signal.SIGUSR1, lambda *_: deed())
    signal.raise_signal(signal.SIGUSR1)


def in_finalizer(deed):
    class Last:
        def __del__(self):
            deed()

    Last()


def deaf():
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass


def stubborn(deed):
    while True:
        try:
            deed()
            return
        except BaseException:
            pass


def spin():
    while True:
        pass


def wait():
    threading.Event().wait()


def dawdle(seconds):
    """Lets real time pass, which in a sealed world only a call past the library does."""
    ppoll = 271 if os.uname().machine == "x86_64" else 73
    whole = int(seconds)
    length = struct.pack("ll", whole, int((seconds - whole) * 1e9))
    ctypes.CDLL(None).syscall(ppoll, None, 0, length, None, 8)


def bottomless():
    bottomless()


def hoard():
    kept = []
    while True:
        kept.append(bytearray(1 << 24))


def orphan():
    if os.fork():
        os._exit(0)
    signal.pause()
