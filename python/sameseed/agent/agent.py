"""Pid 1 of a sandbox that stays open: runs commands and moves files for the host.

The messages are ``agent_wire.py``'s. One thread and one selector. Everything is done in small turns: a command that
floods, a file that grows while it is read or a tree that grows while it is removed never keeps the others waiting, nor
the host's next message.

What the sandbox's programs can do to the agent: they have its user id, so they may send it signals. As the first
process of its namespace it gets only those it has a handler for, and its one handler does nothing. They hold none of
its descriptors. What they can use up (processes, descriptors, memory, disk) makes a request fail with its errno; where
the agent itself finds no memory to go on, it ends with ``wire.EXIT_NO_MEMORY``, and the sandbox with it.
"""

import errno
import json
import os
import selectors
import signal
import socket
from typing import Any, Callable, NoReturn

from sameseed.agent import wire
from sameseed.agent.commands import Commands
from sameseed.agent.files import Files


class Agent:
    """Serves one host over one stream until the stream ends."""

    def __init__(self, stream: socket.socket) -> None:
        self.stream = stream
        self.selector = selectors.PollSelector()
        self.received = bytearray()
        self.commands = Commands(self)
        self.files = Files(self)
        self.handlers: dict[bytes, Callable[[int, bytes], None]] = {
            wire.RUN: self.commands.run, wire.INPUT: self.commands.input, wire.END: self.commands.end,
            wire.SIGNAL: self.commands.signal, wire.READ: self.files.read, wire.LIST: self.files.list,
            wire.OPEN: self.files.open, wire.DATA: self.files.data, wire.CLOSE: self.files.close,
            wire.REMOVE: self.files.remove, wire.CANCEL: self.files.cancel,
        }  # fmt: skip

    def serve(self) -> NoReturn:
        wake_read, wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        # The interpreter's own handler would end the agent; without one, pid 1 does not get the signal.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(self.stream, selectors.EVENT_READ, self.receive)
        self.selector.register(wake_read, selectors.EVENT_READ, lambda: self.wake(wake_read))
        more = False
        while True:
            try:
                more = self.turn(more)
            except MemoryError:
                os._exit(wire.EXIT_NO_MEMORY)

    def turn(self, more: bool) -> bool:
        """Does what is to be done now; waits for it unless there was more."""
        watched = self.selector.get_map()
        for key, _ in self.selector.select(0 if more else None):
            # What an earlier one of these events has closed is not read any more.
            if watched.get(key.fd) is key:
                key.data()
        more_dead = self.commands.reap()
        return self.files.step() or more_dead

    @staticmethod
    def wake(wake_read: int) -> None:
        # Whoever floods us with signals fills this pipe and nothing else.
        os.read(wake_read, wire.CHUNK)

    # Messages

    def send(self, kind: bytes, number: int, payload: bytes = b"") -> None:
        try:
            self.stream.sendall(len(payload).to_bytes(4, "little") + kind + number.to_bytes(4, "little") + payload)
        except OSError:  # nobody is left to serve
            os._exit(0)

    def send_json(self, kind: bytes, number: int, value: Any) -> None:
        # File names need not be UTF-8; a surrogate stands for each byte that is not.
        self.send(kind, number, json.dumps(value).encode())

    def receive(self) -> None:
        data = self.stream.recv(wire.CHUNK)
        if not data:
            os._exit(0)
        self.received += data
        while len(self.received) >= wire.HEAD:
            length = int.from_bytes(self.received[:4], "little")
            if len(self.received) < wire.HEAD + length:
                return
            kind = bytes(self.received[4:5])
            number = int.from_bytes(self.received[5:9], "little")
            payload = bytes(self.received[wire.HEAD : wire.HEAD + length])
            del self.received[: wire.HEAD + length]
            self.attempt(number, lambda: self.handlers[kind](number, payload))

    def attempt(self, number: int, action: Callable[[], Any]) -> Any:
        """What the action returns; where it fails, the host is told and the answer is None."""
        try:
            return action()
        except OSError as error:
            self.fail(number, error)
        except MemoryError:
            self.fail(number, OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)))
        except ValueError as error:  # an embedded null byte, or text that is no file name
            self.fail(number, OSError(errno.EINVAL, str(error)))
        except Exception as error:  # a request that is not of its form; the others go on
            self.fail(number, OSError(errno.EINVAL, f"{type(error).__name__}: {error}"))
        return None

    def fail(self, number: int, error: OSError) -> None:
        self.send_json(wire.ERROR, number, {
            "errno": errno.errorcode.get(error.errno or 0, "EIO"),
            "message": error.strerror or str(error),
            "about": os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else "",
        })  # fmt: skip


def prepare() -> None:
    """Does once, in the zygote, what every agent would otherwise import or build for itself."""
    here, there = socket.socketpair()
    Agent(here).selector.close()
    here.close()
    there.close()


def serve(fd: int) -> NoReturn:
    """Serves the host on a stream; returns only by ending the process."""
    Agent(socket.socket(fileno=fd)).serve()
