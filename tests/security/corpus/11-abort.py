# runs-as: script
# expects: end: signal SIGABRT|SIGSEGV|SIGTRAP
# why: the first process of a pid namespace cannot raise a fatal signal; the C library then ends it by a fault, on arm64 by a breakpoint
import os

os.abort()
