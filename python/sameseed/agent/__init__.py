"""Commands and files in a sandbox that stays open."""
