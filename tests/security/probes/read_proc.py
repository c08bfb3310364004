"""Looks for /proc, where it should be and through the parents of the root."""

import os

places = ["/proc", "/../proc", "/mnt/proc", "../proc"]
# The image's own file, which says of the processor what every sandbox is told.
through = {place: len(set(os.listdir(place)) - {"cpuinfo"}) for place in places if os.path.isdir(place)}
answer(any(through.values()), f"entries {through}")
