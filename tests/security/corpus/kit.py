"""What every program of the corpus is written with: it makes attempts and says, on standard output, what came of each.

One line an attempt, ``name: answer``. The answer of a refused attempt is the errno's name, of one that was refused
after some successes ``ERRNO after N``, and of one that got through ``escaped`` with what it got. Nothing here knows what
the answer should be: that stands in the program's header, and who runs it compares.

A program runs as it is beside this file too (``python3 01-fork-bomb.py``), without any wall. Each therefore stops by
itself after a number of successes that no wall would have allowed and no machine minds.
"""

import ctypes
import errno
import os

libc = ctypes.CDLL(None, use_errno=True)
X64 = os.uname().machine == "x86_64"

# Numbers of calls that Python has no function for: on x86-64, on arm64.
_CALLS = {
    "add_key": (248, 217), "bpf": (321, 280), "cachestat": (451, 451), "chroot": (161, 51), "clone": (56, 220),
    "clone3": (435, 435), "copy_file_range": (326, 285), "fanotify_init": (300, 262), "fsopen": (430, 430),
    "inotify_init1": (294, 26), "io_uring_setup": (425, 425), "kcmp": (312, 272), "kexec_load": (246, 104),
    "keyctl": (250, 219), "memfd_create": (319, 279), "memfd_secret": (447, 447), "modify_ldt": (154, 0),
    "mount": (165, 40), "mount_setattr": (442, 442), "move_mount": (429, 429), "mq_open": (240, 180),
    "msgget": (68, 186), "open_tree": (428, 428), "perf_event_open": (298, 241), "personality": (135, 92),
    "pidfd_getfd": (438, 438), "pivot_root": (155, 41), "prlimit64": (302, 261), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "ptrace": (101, 117), "request_key": (249, 218), "semget": (64, 190),
    "sendfile": (40, 71), "setns": (308, 268), "setxattr": (188, 5), "shmget": (29, 194), "socket": (41, 198), "splice": (275, 76),
    "tee": (276, 77), "timerfd_create": (283, 85), "umount2": (166, 39), "unshare": (272, 97),
    "userfaultfd": (323, 282), "vmsplice": (278, 75),
}  # fmt: skip

# By this the host finds whatever is left of the program.
_mark = os.environ.get("ATTACK_MARK", "")
if _mark:
    libc.prctl(15, _mark.encode(), 0, 0, 0)


def say(name: str, answer: object) -> None:
    """Tells the host; past Python's buffers, so that it is told also where the program dies next."""
    os.write(1, f"{name}: {answer}\n".encode())


def attempt(name: str, action) -> object:
    """Tries something that should be refused; returns what it gave where it was not."""
    try:
        result = action()
    except BaseException as error:
        say(name, _why(error))
        return None
    say(name, f"escaped {result!r}"[:200])
    return result


def until_refused(name: str, action, most: int) -> None:
    """Tries the same thing until it is refused; one that was never refused got through."""
    done = 0
    reserve = [bytes(1 << 16)]
    try:
        while done < most:
            action()
            done += 1
    except BaseException as error:
        reserve.clear()
        say(name, f"{_why(error)} after {done}")
        return
    say(name, f"escaped after {done}")


def call(name: str, *arguments) -> int:
    """Makes a system call; raises OSError where it fails."""
    ctypes.set_errno(0)
    answer = libc.syscall(_CALLS[name][0 if X64 else 1], *arguments)
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer


def stay() -> None:
    """Stays until it is ended, in a wait that no clock ends: a sealed world would let a sleep pass at once."""
    reader, _writer = os.pipe()
    os.read(reader, 1)


def child(action) -> str:
    """Runs something in a child of its own and tells how that ended: ``exit N`` or ``signal N``, and whether it left a core."""
    pid = os.fork()
    if pid == 0:
        try:
            action()
        except BaseException:
            os._exit(99)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    ended = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}"
    return f"{ended} with core" if os.WCOREDUMP(status) else ended


def _why(error: BaseException) -> str:
    # Whatever cannot be looked up by name has numbers of its own, below zero.
    if isinstance(error, OSError) and (error.errno or 0) > 0:
        return errno.errorcode.get(error.errno, str(error.errno))
    return type(error).__name__
