# runs-as: script
# expects: unshare: EPERM
# expects: clone user: EPERM
# expects: clone pid: EPERM
# expects: clone mount: EPERM
# expects: clone net: EPERM
# expects: clone ipc: EPERM
# expects: clone uts: EPERM
# expects: clone cgroup: EPERM
# expects: clone3: ENOSYS
# expects: setns: EPERM
# expects: mount: EPERM
# expects: remount: EPERM
# expects: umount2: EPERM
# expects: fsopen: EPERM
# expects: open_tree: EPERM
# expects: move_mount: EPERM
# expects: mount_setattr: EPERM
# expects: pivot_root: EPERM
# expects: chroot: EPERM
# control: unshare, clone user, clone3
# why: with a user namespace of one's own come rights, and with rights the kernel's larger half
import ctypes
import os

from kit import attempt, call

MS_REMOUNT_BIND = 0x1020
CLONE_NEWUSER = 0x10000000
SIGCHLD = 17
namespaces = {
    "user": CLONE_NEWUSER, "pid": 0x20000000, "mount": 0x20000, "net": 0x40000000, "ipc": 0x8000000,
    "uts": 0x4000000, "cgroup": 0x2000000,
}  # fmt: skip
none = ctypes.c_char_p(b"none")
here = ctypes.c_char_p(b"/tmp")


def clone(flag):
    pid = call("clone", flag | SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    return pid


def clone3():
    arguments = (ctypes.c_uint64 * 11)(CLONE_NEWUSER, 0, 0, 0, SIGCHLD)
    pid = call("clone3", arguments, 88)
    if pid == 0:
        os._exit(0)
    return pid


for name, flag in namespaces.items():
    attempt(f"clone {name}", lambda flag=flag: clone(flag))
attempt("clone3", clone3)
attempt("setns", lambda: call("setns", 0, 0))
attempt("mount", lambda: call("mount", none, here, ctypes.c_char_p(b"tmpfs"), 0, 0))
attempt("remount", lambda: call("mount", none, ctypes.c_char_p(b"/"), none, MS_REMOUNT_BIND, 0))
attempt("umount2", lambda: call("umount2", here, 2))
attempt("fsopen", lambda: call("fsopen", ctypes.c_char_p(b"tmpfs"), 0))
attempt("open_tree", lambda: call("open_tree", -100, here, 1))
attempt("move_mount", lambda: call("move_mount", -100, here, -100, here, 0))
attempt("mount_setattr", lambda: call("mount_setattr", -100, here, 0, 0, 0))
attempt("pivot_root", lambda: call("pivot_root", here, here))
attempt("chroot", lambda: call("chroot", here))
attempt("unshare", lambda: call("unshare", CLONE_NEWUSER))
