"""Looks for /proc, where it should be and through the parents of the root."""

import os

places = ["/proc", "/../proc", "/mnt/proc", "../proc"]
through = {place: len(os.listdir(place)) for place in places if os.path.isdir(place)}
answer(any(through.values()), f"entries {through}")
