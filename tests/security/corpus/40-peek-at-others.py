# runs-as: script
# expects: ptrace: EPERM
# expects: read memory: EPERM
# expects: write memory: EPERM
# expects: take a descriptor: EPERM
# expects: compare: EPERM
# expects: mem: ENOENT
# expects: environ: ENOENT
# expects: descriptors: ENOENT
# expects: namespaces: ENOENT
# expects: root: ENOENT
# expects: parent: 0
# control: ptrace, read memory, mem, environ, descriptors, namespaces, root, parent
# why: another process's memory, descriptors and root are another process's
import os

from kit import attempt, call, say

parent = os.getppid()
target = parent or 1
attempt("ptrace", lambda: call("ptrace", 0, 0, 0, 0))
attempt("read memory", lambda: call("process_vm_readv", target, 0, 0, 0, 0, 0))
attempt("write memory", lambda: call("process_vm_writev", target, 0, 0, 0, 0, 0))
attempt("take a descriptor", lambda: call("pidfd_getfd", 3, 3, 0))
attempt("compare", lambda: call("kcmp", os.getpid(), target, 0, 0, 0))
attempt("mem", lambda: open(f"/proc/{target}/mem", "rb"))
attempt("environ", lambda: len(open(f"/proc/{target}/environ", "rb").read()))
attempt("descriptors", lambda: os.listdir(f"/proc/{target}/fd"))
attempt("namespaces", lambda: os.listdir(f"/proc/{target}/ns"))
attempt("root", lambda: os.listdir(f"/proc/{target}/root"))
say("parent", parent)
