"""The tests. As a package of its own it comes before the `tests` that some libraries install."""
