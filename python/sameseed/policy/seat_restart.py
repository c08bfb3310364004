"""A seat whose policy forgets: each move is made by a fresh process, and no memory, file or process of the one before is left.

Theory of operation. The first process of the sandbox never runs the policy. It cannot be traced or read by its children
(it is not dumpable), signals from inside its namespace without a handler do not reach it, and it keeps the link and
the host's stream to itself. For each move it forks a child that loads the policy anew, takes its answer from a pipe, and
then kills and buries every other process, empties and resets the folders that can be written to, and looks whether
anything of its own was changed. Every descriptor of a child is made for it alone, since flags and positions of a shared one
would stay.

The children are copies of the first process, so that whatever it had read of one would be in the memory of the next. What a
child answers and prints therefore goes through one piece of memory, from which it is sent on and in which it is wiped; no
object is made of it.

What does stay are the kernel's counts of this sandbox: numbers of processes and of files go up, and so does the CPU time
that was used.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import struct
from typing import NoReturn

from . import seat_host
from ..play.seeds import move_seed
from ..recording.canonical import encode
from ..recording.frames import (
    ACTION,
    ERROR,
    HELLO,
    LINK_HEAD_BYTES,
    MAX_TO_REFEREE,
    READY,
    STEP,
    Link,
    LinkClosed,
)
from ..world.sealed import begin_part
from .load_policy import load
from .source_files import enter_folder

_FOLDERS = ("/tmp", "/dev/shm")
_UNLISTED = ".sameseed-rest"
_STREAM_FD = 3
_LIMITS = tuple(value for name, value in sorted(vars(resource).items()) if name.startswith("RLIMIT_"))
# An answer: its length, its kind and the payload, as the child writes them; the payload lies where a frame's does.
_LENGTH = struct.Struct("<I")
_KIND_BYTES = 1
_ANSWER_HEAD = 4 + _KIND_BYTES
_ANSWER_AT = LINK_HEAD_BYTES - _ANSWER_HEAD
_MAX_ANSWER = MAX_TO_REFEREE + _KIND_BYTES
_FOLDER_MODE = 0o1777
# Numbers are made of how long an answer and what is printed are. As many others take their places.
_NUMBERS = range(1 << 28, (1 << 28) + 512)
# What shells report for a process that a signal ended.
_SIGNALLED = 128
_PIECE = 64 << 10
_room = bytearray(LINK_HEAD_BYTES + MAX_TO_REFEREE)
_print_room = bytearray(_PIECE)
_LOOK_AGAIN_MS = 50


class Tampering(Exception):
    """The policy changed a limit of the process that starts it."""


def serve(link: Link, *, seed: int, path: str, seat: str, move_us: int, files: tuple[str, ...] | list[str] = ()) -> None:
    """Answers each STEP with what a fresh process says, until the referee closes the link."""
    if os.getpid() != 1:
        raise RuntimeError("only the first process of a sandbox may end all others")
    # Python's own handler would raise here when a child sends the signal.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    contents = [(name, _read(name)) for name in (*files, path)]
    at_first = _own_limits()
    sequence = 0
    try:
        link.receive((HELLO,), 0)
        question: bytes | None = None
        while True:
            kind, length = _ask_fresh(question, link, contents, move_seed(seed, sequence), sequence, path, seat, move_us)
            _clean_up()
            if _own_limits() != at_first:
                raise Tampering("the policy changed a limit of the process that starts it")
            link.send_in_place(kind, sequence, _room, length)
            _forget(length)
            if kind == ERROR:
                break
            sequence += 1
            _, question = link.receive((STEP,), sequence)
    except LinkClosed:
        pass
    except BaseException as error:
        link.send(ERROR, sequence, seat_host.error_payload(error))
    link.close()


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _own_limits() -> tuple:
    limits = tuple(resource.getrlimit(which) for which in _LIMITS)
    return limits, sorted(os.sched_getaffinity(0)), os.getpgid(0), os.getsid(0)


def _ask_fresh(
    question: bytes | None,
    link: Link,
    contents: list[tuple[str, bytes]],
    seed: int,
    move: int,
    path: str,
    seat: str,
    move_us: int,
) -> tuple[int, int]:
    """Asks a new process, and leaves its answer where a frame's payload lies; its kind and length. None only loads the policy."""
    for name, content in contents:
        os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "wb") as file:
            file.write(content)
    answer_end, child_end = os.pipe()
    printed_end, print_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        link.close()
        begin_part(move)
        if len(contents) > 1:
            enter_folder(os.path.dirname(path))
        _be_the_policy(question, child_end, print_end, seed, path, seat, move_us)
    os.close(child_end)
    os.close(print_end)
    try:
        length = _read_answer(answer_end, printed_end, pid)
    finally:
        os.close(answer_end)
        os.close(printed_end)
    if length == 0:
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        # The way it ended is told by ending likewise: whoever supervises this sandbox sees it.
        os._exit(code if code >= 0 else _SIGNALLED - code)
    kind = _room[LINK_HEAD_BYTES - _KIND_BYTES]
    if kind not in ((READY, ERROR) if question is None else (ACTION, ERROR)):
        raise ValueError("the policy's process answered with another kind than was due")
    return kind, length - _KIND_BYTES


def _be_the_policy(
    question: bytes | None, answer_fd: int, print_fd: int, seed: int, path: str, seat: str, move_us: int
) -> NoReturn:
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(print_fd, 1)
        os.dup2(print_fd, 2)
        os.dup2(answer_fd, _STREAM_FD)
        os.closerange(_STREAM_FD + 1, 256)
        try:
            seat_host.move_clock(move_us)
            choose = load(path, seat, seed)
            answer = bytes((READY,)) + encode({})
            if question is not None:
                answer = bytes((ACTION,)) + seat_host.answered(choose, question, move_us)
        except BaseException as error:
            answer = bytes((ERROR,)) + seat_host.error_payload(error)
        seat_host.move_clock(0)
        answer = len(answer).to_bytes(4, "little") + answer
        while answer:
            answer = answer[os.write(_STREAM_FD, answer) :]
    finally:
        os._exit(0)


def _read_answer(answer_fd: int, printed_fd: int, pid: int) -> int:
    """Takes the one answer from the pipe; its length, 0 where the process ends without. What is printed goes on to the host."""
    poll = select.poll()
    poll.register(answer_fd, select.POLLIN)
    poll.register(printed_fd, select.POLLIN)
    room = memoryview(_room)[_ANSWER_AT:]
    had = 0
    while True:
        ready = [fd for fd, _ in poll.poll(_LOOK_AGAIN_MS)]
        if printed_fd in ready and not _pass_on(printed_fd):
            poll.unregister(printed_fd)
        if answer_fd in ready:
            got = os.readv(answer_fd, [room[had:]])
            had += got
            (length,) = _LENGTH.unpack_from(room)
            if had >= 4 and (length > _MAX_ANSWER or had >= 4 + length):
                return length if 0 < length <= _MAX_ANSWER else 0
            if not got:
                return 0
        # Something it started may hold the pipe open when it is gone itself.
        elif not ready and os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return 0


def _pass_on(printed_fd: int) -> bool:
    """Takes a piece of what is printed and sends it on; False at its end."""
    got = os.readv(printed_fd, [_print_room])
    piece = memoryview(_print_room)[:got]
    sent = 0
    while sent < got:
        sent += os.write(2, piece[sent:])
    return got > 0


def _forget(length: int) -> None:
    """Wipes what a child's answer and print went through."""
    _room[: LINK_HEAD_BYTES + length] = bytes(LINK_HEAD_BYTES + length)
    _print_room[:] = bytes(_PIECE)
    list(_NUMBERS)


def _clean_up() -> None:
    """Kills and buries every other process of the sandbox, and makes of what they can write to what it was."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break
    for folder in _FOLDERS:
        # A folder that nobody may enter cannot be emptied; and its mode and times would stay.
        os.chmod(folder, _FOLDER_MODE)
        _remove_unlisted(os.path.join(folder, _UNLISTED))
        _empty(folder)
        os.utime(folder, (0, 0))


def _remove_unlisted(path: str) -> None:
    """Removes the world's own file, which is in no list, or what a policy has put in its place."""
    if os.path.isdir(path) and not os.path.islink(path):
        os.chmod(path, 0o700)
        _empty(path)
        os.rmdir(path)
    elif os.path.lexists(path):
        os.unlink(path)


def _empty(folder: str) -> None:
    """Removes everything in a folder, however deep it lies and whatever its modes are."""
    number = 0
    while entries := list(os.scandir(folder)):
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)
                continue
            # What lies inside comes up first: a path to the bottom might be longer than the kernel takes.
            os.chmod(entry.path, 0o700)
            for name in os.listdir(entry.path):
                inner = os.path.join(entry.path, name)
                if os.path.isdir(inner) and not os.path.islink(inner):
                    os.chmod(inner, 0o700)
                while os.path.lexists(target := os.path.join(folder, f"up-{number}")):
                    number += 1
                os.rename(inner, target)
            os.rmdir(entry.path)
