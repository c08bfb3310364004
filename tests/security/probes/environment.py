"""Looks for the host's environment."""

import os

there = "SAMESEED_HOST_SECRET" in os.environ
answer(there, "a variable of the host" if there else f"{len(os.environ)} variables of its own")
