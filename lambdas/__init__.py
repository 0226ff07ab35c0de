"""The state machine's small functions, a folder each, and beside them what several of them share."""
