"""Carillon, as the bench runs it."""
