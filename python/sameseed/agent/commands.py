"""The agent's commands: starts programs, carries their three streams, and tells how they ended.

A command is its first process. It is over when that process is, whatever it left behind: what a daemon that holds the
streams writes later goes nowhere, and the daemon itself lives until it ends or the sandbox does.
"""

import fcntl
import json
import os
import selectors
import signal
import subprocess
import termios
import time
from typing import TYPE_CHECKING, Any

from sameseed.agent import wire

if TYPE_CHECKING:
    from sameseed.agent.agent import Agent

REAP_AT_ONCE = 256


class Command:
    """One started program: its process, its streams, and what of its input is still to be written."""

    def __init__(self, number: int, pid: int, stdin: int, stdout: int, stderr: int) -> None:
        self.number = number
        self.pid = pid
        self.stdin: int | None = stdin
        self.outputs = {stdout: wire.STDOUT, stderr: wire.STDERR}
        self.began = time.monotonic()
        self.pending = bytearray()
        self.ended = False


class Commands:
    """Every command of one agent, by the host's number and by process id."""

    def __init__(self, agent: "Agent") -> None:
        self.agent = agent
        self.selector = agent.selector
        self.by_number: dict[int, Command] = {}
        self.by_pid: dict[int, Command] = {}

    def run(self, number: int, payload: bytes) -> None:
        request = json.loads(payload)
        pipes: list[int] = []
        try:
            for _ in range(3):
                pipes.extend(os.pipe2(os.O_CLOEXEC))
            process = subprocess.Popen(
                request["argv"],
                cwd=request["cwd"],
                env={**_environment(), **request["env"]},
                stdin=pipes[0],
                stdout=pipes[3],
                stderr=pipes[5],
                start_new_session=True,
            )
        except BaseException:
            for fd in pipes:
                os.close(fd)
            raise
        process.returncode = 0  # it is reaped with all others, below
        for theirs in (pipes[0], pipes[3], pipes[5]):
            os.close(theirs)
        command = Command(number, process.pid, pipes[1], pipes[2], pipes[4])
        self.by_number[number] = self.by_pid[process.pid] = command
        os.set_blocking(pipes[1], False)
        for fd in command.outputs:
            os.set_blocking(fd, False)
            self.selector.register(fd, selectors.EVENT_READ, lambda fd=fd: self.carry(command, fd, wire.CHUNK))
        self.agent.send(wire.STARTED, number)

    # Streams

    def carry(self, command: Command, fd: int, most: int) -> None:
        try:
            data = os.read(fd, min(most, wire.CHUNK))
        except BlockingIOError:
            return
        if data:
            self.agent.send(command.outputs[fd], command.number, data)
        else:
            del command.outputs[fd]
            self.drop(fd)

    def drop(self, fd: int) -> None:
        if fd in self.selector.get_map():
            self.selector.unregister(fd)
        os.close(fd)

    def input(self, number: int, payload: bytes) -> None:
        command = self.by_number.get(number)
        if command is not None:
            command.pending += payload
            self.feed(command)

    def end(self, number: int, _: bytes) -> None:
        command = self.by_number.get(number)
        if command is not None:
            command.ended = True
            self.feed(command)

    def feed(self, command: Command) -> None:
        took = 0
        try:
            while command.pending and command.stdin is not None:
                n = os.write(command.stdin, command.pending[: wire.CHUNK])
                del command.pending[:n]
                took += n
        except BlockingIOError:
            pass
        except OSError:  # the command does not read any more
            self.close_input(command)
        if command.stdin is None:
            took += len(command.pending)
            command.pending.clear()
        if took:
            self.agent.send_json(wire.TOOK, command.number, {"bytes": took})
        if command.stdin is None:
            return
        waiting = command.stdin in self.selector.get_map()
        if command.pending and not waiting:
            self.selector.register(command.stdin, selectors.EVENT_WRITE, lambda: self.feed(command))
        elif not command.pending and waiting:
            self.selector.unregister(command.stdin)
        if not command.pending and command.ended:
            self.close_input(command)

    def close_input(self, command: Command) -> None:
        if command.stdin is not None:
            self.drop(command.stdin)
            command.stdin = None

    # Ends

    def signal(self, number: int, payload: bytes) -> None:
        command = self.by_number.get(number)
        if command is None:
            return
        which = json.loads(payload)["number"]
        # A program may have left its session to survive this; when no other command runs here, everything goes.
        everything = which == signal.SIGKILL and len(self.by_number) == 1
        try:
            os.kill(-1 if everything else -command.pid, which)
        except ProcessLookupError:
            pass

    def reap(self) -> bool:
        """Takes leave of the dead, also of orphans; True where there may be more of them."""
        for _ in range(REAP_AT_ONCE):
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return False
            command = self.by_pid.pop(pid, None)
            if command is not None:
                self.finish(command, status, usage)
        return True

    def finish(self, command: Command, status: int, usage: Any) -> None:
        for fd in list(command.outputs):
            # What is there now and no more: a daemon may write faster than anybody can read.
            left = int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, bytes(4)), "little")
            while left > 0 and fd in command.outputs:
                self.carry(command, fd, left)
                left -= wire.CHUNK
            if fd in command.outputs:
                self.drop(fd)
        self.close_input(command)
        del self.by_number[command.number]
        self.agent.send_json(wire.EXITED, command.number, {
            "status": status, "user": usage.ru_utime, "system": usage.ru_stime, "rss": usage.ru_maxrss * 1024,
            "ms": (time.monotonic() - command.began) * 1000,
        })  # fmt: skip


def _environment() -> dict[str, str]:
    """The sandbox's own environment; the outer wall's working directory says nothing about a command's."""
    return {name: value for name, value in os.environ.items() if name != "PWD"}
