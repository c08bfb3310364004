# runs-as: script
# expects: io_uring_setup: EPERM
# expects: bpf: EPERM
# expects: perf_event_open: EPERM
# expects: userfaultfd: EPERM
# expects: keyctl: EPERM
# expects: add_key: EPERM
# expects: request_key: EPERM
# expects: kexec_load: EPERM
# expects: personality: EPERM
# expects: tee: EPERM
# expects: prctl: EPERM
# control: keyctl, personality, tee, prctl
# why: the parts of the kernel with the worst record are out of reach, not merely denied by themselves
import ctypes
import os

from kit import attempt, call, libc

parameters = (ctypes.c_uint8 * 256)()


def prctl():
    PR_SET_DUMPABLE = 4
    if libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


attempt("io_uring_setup", lambda: call("io_uring_setup", 4, parameters))
attempt("bpf", lambda: call("bpf", 0, parameters, 72))
attempt("perf_event_open", lambda: call("perf_event_open", parameters, 0, -1, -1, 0))
attempt("userfaultfd", lambda: call("userfaultfd", 1))
attempt("keyctl", lambda: call("keyctl", 0, -3, 1))
attempt("add_key", lambda: call("add_key", b"user", b"canary", b"x", 1, -3))
attempt("request_key", lambda: call("request_key", b"user", b"canary", 0, 0))
attempt("kexec_load", lambda: call("kexec_load", 0, 0, 0, 0))
attempt("personality", lambda: call("personality", 0xFFFFFFFF))
attempt("tee", lambda: call("tee", 0, 1, 1, 0))
attempt("prctl", prctl)
