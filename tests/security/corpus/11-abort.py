# runs-as: script
# expects: end: signal SIGABRT|SIGSEGV
# why: the first process of a pid namespace cannot raise a fatal signal; the C library then ends it by a fault
import os

os.abort()
