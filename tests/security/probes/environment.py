"""Looks for the host's environment."""

import os

answer("SAMESEED_HOST_SECRET" in os.environ, sorted(os.environ))
