"""Untrusted policies, in sandboxes of their own."""
