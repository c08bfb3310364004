"""The sealed world, seen from Python: its ledger, numeric results, and generators that nobody seeded."""
