# runs-as: script
# limits: diskMb=8
# expects: truncate: EFBIG
# expects: seek and write: EFBIG
# expects: allocate: EFBIG|ENOSPC
# control: truncate, seek and write
# why: a file that claims an exbibyte must not be believed by whoever copies it
import os

from kit import attempt

sparse = os.open("/tmp/sparse", os.O_CREAT | os.O_RDWR)
attempt("truncate", lambda: os.truncate(sparse, 1 << 40))
attempt("seek and write", lambda: os.pwrite(sparse, b"end", 1 << 40))
attempt("allocate", lambda: os.posix_fallocate(sparse, 0, 1 << 40))
