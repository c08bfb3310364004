# runs-as: script
# expects: hint of an own file: EPERM
# expects: hint of an own opening: EPERM
# expects: hint of the image: EPERM
# control: hint of an own file
# why: a hint stays with the file, not with who gave it; kernels before 6.9 let anybody who may read an image's file leave one there
import fcntl
import os
import struct

from kit import attempt

F_SET_RW_HINT, F_SET_FILE_RW_HINT = 1036, 1038
hint = struct.pack("Q", 3)
own = os.open("/tmp/own", os.O_CREAT | os.O_RDWR)
image = os.open("/etc/passwd", os.O_RDONLY)
attempt("hint of an own file", lambda: fcntl.fcntl(own, F_SET_RW_HINT, hint))
attempt("hint of an own opening", lambda: fcntl.fcntl(own, F_SET_FILE_RW_HINT, hint))
attempt("hint of the image", lambda: fcntl.fcntl(image, F_SET_RW_HINT, hint))
