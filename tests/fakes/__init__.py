"""Vendors that are not real: servers on loopback, each a process of its own with a fault script and a history."""
