# runs-as: script
# limits: diskMb=4 memoryMb=64
# expects: fill: ENOSPC after 50..64
# control: fill
# why: /tmp takes what it may, in however many files
from kit import until_refused

names = iter(range(1000))


def fill():
    with open(f"/tmp/part-{next(names)}", "wb", buffering=0) as file:
        # A write that finds some room takes a part; the next finds none.
        if file.write(bytes(65536)) < 65536:
            file.write(bytes(65536))


until_refused("fill", fill, 400)
