"""The project around the apps: environment, settings, servers."""
