# runs-as: script
# expects: end: signal SIGSEGV
# why: native code that crashes ends its sandbox, with the signal it was
import ctypes

ctypes.string_at(0)
