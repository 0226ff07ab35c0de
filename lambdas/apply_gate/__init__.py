"""Decides whether a whole run is good enough to be published by itself."""
