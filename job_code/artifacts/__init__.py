"""A run's own documents: draft, manifest, input fingerprint, and the step that finalizes the run.

The manifest is the last file that a run writes.
May import: training and what training may import.
"""
