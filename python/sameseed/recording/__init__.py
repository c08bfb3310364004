"""The bytes of a trajectory: canonical CBOR, frames, records, and what is hidden from observations."""
