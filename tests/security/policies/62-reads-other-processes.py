# verdict: none
# why: the referee's and the opponent's memory belong to processes that have no number here
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def looks(pid):
    yield "signal 0", lambda: os.kill(pid, 0)
    yield "memory", lambda: open(f"/proc/{pid}/mem", "rb")
    yield "environment", lambda: open(f"/proc/{pid}/environ", "rb")
    yield "priority", lambda: os.getpriority(os.PRIO_PROCESS, pid)
    yield "affinity", lambda: os.sched_getaffinity(pid)
    yield "handle", lambda: os.close(os.pidfd_open(pid))


def attach(pid):
    # PTRACE_ATTACH, and process_vm_readv of one page.
    local = (ctypes.c_size_t * 2)(ctypes.addressof(ctypes.create_string_buffer(64)), 64)
    return libc.ptrace(16, pid, 0, 0) == 0 or libc.process_vm_readv(pid, local, 1, local, 1, 0) > 0


def choose_action(board, player, rng):
    own = {os.getpid(), os.getppid(), 1}
    for pid in range(1, 400):
        if pid in own:
            continue
        for what, look in looks(pid):
            try:
                look()
            except OSError:
                continue
            raise RuntimeError(f"got through: {what} of process {pid}")
        if attach(pid):
            raise RuntimeError(f"got through: memory of process {pid}")
    return board.index(None)
