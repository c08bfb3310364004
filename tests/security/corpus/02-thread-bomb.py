# runs-as: script
# limits: processes=16 memoryMb=256
# expects: thread: RuntimeError after 15
# control: thread
# why: threads are processes to the kernel and must count as such
import threading

from kit import until_refused

# The least that arm64 takes is twice that of x86-64.
threading.stack_size(1 << 17)
forever = threading.Event()


def thread():
    threading.Thread(target=forever.wait, daemon=True).start()


until_refused("thread", thread, 200)
