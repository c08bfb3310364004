# runs-as: collected
# expects: name of 256: ENAMETOOLONG
# expects: collect \x1b[2J\n: file
# expects: collect \udcff\udcfe: file
# expects: collect aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...: file
# why: the host lists names that are no text, that move a cursor, or that are as long as names can be
import os

from kit import attempt, say, stay

os.mkdir("/tmp/out")
os.chdir("/tmp/out")
attempt("name of 256", lambda: open("a" * 256, "w"))
for name in (b"a" * 255, b"\xff\xfe", b"\x1b[2J\n"):
    with open(name, "wb") as file:
        file.write(b"own")
say("ready", "yes")
stay()
