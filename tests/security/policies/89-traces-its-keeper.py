# verdict: none
# mode: restart
# why: the memory of the process that starts each move anew holds the stream and the link
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def choose_action(board, player, rng):
    buffer = ctypes.create_string_buffer(64)
    local = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 64)
    # PTRACE_ATTACH and PTRACE_SEIZE, then reading and writing the same address there.
    if libc.ptrace(16, 1, 0, 0) == 0 or libc.ptrace(0x4206, 1, 0, 0) == 0:
        raise RuntimeError("got through: attached to the keeper")
    if libc.process_vm_readv(1, local, 1, local, 1, 0) > 0 or libc.process_vm_writev(1, local, 1, local, 1, 0) > 0:
        raise RuntimeError("got through: the keeper's memory")
    try:
        handle = os.pidfd_open(1)
        # pidfd_getfd of the keeper's first descriptors.
        if any(libc.syscall(438, handle, fd, 0) >= 0 for fd in range(16)):
            raise RuntimeError("got through: the keeper's descriptors")
    except OSError:
        pass
    return board.index(None)
