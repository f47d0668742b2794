"""Being written by pages A (see the note beside the brief)."""
