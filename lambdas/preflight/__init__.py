"""Looks, before anything is paid for, whether everything that a run needs is there."""
