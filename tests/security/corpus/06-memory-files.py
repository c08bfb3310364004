# runs-as: script
# expects: memfd_create: EPERM
# expects: memfd_secret: EPERM
# control: memfd_create
# why: a memory file holds memory that no limit of a process sees, without a mapping and without a path
import ctypes

from kit import attempt, call

attempt("memfd_create", lambda: call("memfd_create", ctypes.c_char_p(b"hoard"), 0))
attempt("memfd_secret", lambda: call("memfd_secret", 0))
