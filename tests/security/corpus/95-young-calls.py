# runs-as: script
# expects: openat2: ENOSYS
# expects: fchmodat2: ENOSYS
# expects: pkey_alloc: ENOSYS
# expects: map_shadow_stack: ENOSYS
# expects: mseal: ENOSYS
# expects: statmount: ENOSYS
# expects: listmount: ENOSYS
# expects: lsm_get_self_attr: ENOSYS
# expects: setxattrat: ENOSYS
# expects: open_tree_attr: ENOSYS
# expects: file_getattr: ENOSYS
# expects: futex_requeue: ENOSYS
# expects: quotactl_fd: EPERM
# expects: process_mrelease: ENOSYS
# expects: set_mempolicy_home_node: ENOSYS
# control: openat2, pkey_alloc, process_mrelease
# why: what a kernel learned after the filter was written must be refused for not being named, not allowed for not being known
import os

from kit import attempt
from raw import call_kernel

# The same numbers on every machine, but for the one.
CALLS = {
    "openat2": 437,
    "fchmodat2": 452,
    "pkey_alloc": 330 if os.uname().machine == "x86_64" else 289,
    "map_shadow_stack": 453,
    "mseal": 462,
    "statmount": 457,
    "listmount": 458,
    "lsm_get_self_attr": 459,
    "setxattrat": 463,
    "open_tree_attr": 467,
    "file_getattr": 468,
    "futex_requeue": 456,
    "quotactl_fd": 443,
    "process_mrelease": 448,
    "set_mempolicy_home_node": 450,
}


def ask(number):
    answer = call_kernel(number, 0, 0, 0, 0)
    if answer < 0:
        raise OSError(-answer, os.strerror(-answer))
    return answer


for name, number in CALLS.items():
    attempt(name, lambda number=number: ask(number))
