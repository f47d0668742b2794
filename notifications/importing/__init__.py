"""People and devices from CSV: read, checked and taken in; the command and the pages share all of it."""
