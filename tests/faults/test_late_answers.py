"""A process that was frozen for longer than its lease, and then goes on as if nothing had happened."""
