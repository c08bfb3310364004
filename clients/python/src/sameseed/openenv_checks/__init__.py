"""Checks of environments that speak OpenEnv's protocol: is what they give decided by the seed, and by it alone?

`graders` has them as OpenEnv's validator takes them; `python -m sameseed.openenv_validate URL` runs them.
"""
