"""Commands of the project: its servers and its demo."""
