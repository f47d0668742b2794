"""The verbs that pages, commands and APIs share: one transaction each, at most one wake-up."""
