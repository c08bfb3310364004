# runs-as: script
# expects: loop: ELOOP
# expects: link to the image: EXDEV
# expects: link to a folder: EPERM
# expects: folder into itself: EINVAL
# why: links that lead in circles or out of their file system end in an errno
import os

from kit import attempt

os.symlink("/tmp/b", "/tmp/a")
os.symlink("/tmp/a", "/tmp/b")
os.mkdir("/tmp/folder")
attempt("loop", lambda: open("/tmp/a"))
attempt("link to the image", lambda: os.link("/etc/passwd", "/tmp/passwd"))
attempt("link to a folder", lambda: os.link("/tmp/folder", "/tmp/again"))
attempt("folder into itself", lambda: os.rename("/tmp/folder", "/tmp/folder/inside"))
