# runs-as: command
# input: 8000000
# expects: read nothing: yes
# why: eight megabytes that nobody reads must hold up neither the host nor the program's end
from kit import say

say("read nothing", "yes")
