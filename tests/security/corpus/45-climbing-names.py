# runs-as: collected
# expects: name with a slash: ENOENT
# expects: rename above: EACCES|EROFS|EXDEV
# expects: collect ..\u2215..\u2215etc: file
# expects: collect ...: file
# expects: collect C:\windows: file
# why: there are no archives here that could be unpacked; the names that the host lists must be names and never paths
import os

from kit import attempt, say, stay

os.mkdir("/tmp/out")
os.chdir("/tmp/out")
attempt("name with a slash", lambda: open("..%2f/../x/../etc", "w"))
attempt("rename above", lambda: os.rename("/tmp/out", "/out"))
for name in ("..\u2215..\u2215etc", "...", "C:\\windows"):
    with open(name, "w") as file:
        file.write("own")
say("ready", "yes")
stay()
