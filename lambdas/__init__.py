"""The state machine's small handlers, a folder each; they import nothing of each other or of the rest."""
