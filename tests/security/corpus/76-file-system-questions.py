# runs-as: script
# expects: where on the disk: EPERM|ENOTTY
# expects: the file system's name: EPERM|ENOTTY
# expects: the device's name: EPERM|ENOTTY
# expects: the name of /tmp: EPERM|ENOTTY
# expects: the file's generation: EPERM|ENOTTY
# expects: flags: EPERM|ENOTTY
# expects: attributes: EPERM|ENOTTY
# expects: share blocks: EPERM|ENOTTY
# expects: compare blocks: EPERM|ENOTTY
# expects: freeze: EPERM|ENOTTY
# expects: trim: EPERM|ENOTTY
# expects: a block: EPERM|ENOTTY
# expects: an unnamed file beside the image's: EROFS
# expects: a terminal: ENOENT
# expects: bytes to read: 3
# control: where on the disk, the name of /tmp, flags
# why: a file system tells whoever asks which machine it is on, where on its disk, and what it was given by chance
import fcntl
import os
import struct

from kit import attempt, say

image = os.open(os.__file__, os.O_RDONLY)
root = os.open("/", os.O_RDONLY)
own = os.open("/tmp/own", os.O_RDWR | os.O_CREAT)
os.write(own, bytes(10_000))


def ask(fd, request, size):
    """What it answers, past what was asked."""
    told = bytearray(size)
    fcntl.ioctl(fd, request, told, True)
    return told.hex()[:60]


def where():
    told = bytearray(88)
    struct.pack_into("=QQIIII", told, 0, 0, 1 << 40, 0, 0, 1, 0)
    fcntl.ioctl(image, 0xC020660B, told, True)
    return struct.unpack_from("=QQQ", told, 32)


attempt("where on the disk", where)
attempt("the file system's name", lambda: ask(image, 0x80111500, 17))
attempt("the device's name", lambda: ask(image, 0x80811501, 129))
attempt("the name of /tmp", lambda: ask(own, 0x80111500, 17))
attempt("the file's generation", lambda: ask(image, 0x80087601, 8))
attempt("flags", lambda: ask(own, 0x80086601, 8))
attempt("attributes", lambda: ask(own, 0x801C581F, 28))
attempt("share blocks", lambda: fcntl.ioctl(own, 0x40049409, image))
attempt("compare blocks", lambda: ask(image, 0xC0189436, 56))
attempt("freeze", lambda: fcntl.ioctl(root, 0xC0045877, bytes(4)))
attempt("trim", lambda: fcntl.ioctl(root, 0xC0185879, bytes(24)))
attempt("a block", lambda: fcntl.ioctl(image, 1, bytes(4)))
attempt("an unnamed file beside the image's", lambda: os.open("/etc", os.O_TMPFILE | os.O_RDWR))
attempt("a terminal", lambda: os.open("/dev/tty", os.O_RDWR))
# What programs do ask must still be answered.
reader, writer = os.pipe()
os.write(writer, b"abc")
told = fcntl.ioctl(reader, 0x541B, bytes(4))
say("bytes to read", struct.unpack("i", told)[0])
