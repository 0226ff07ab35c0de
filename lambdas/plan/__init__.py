"""Decides the run before anything is paid for."""
