"""A run's own documents: draft, manifest, input fingerprint, and the step that finalizes the run.

The manifest is the last file that a run writes. In this package only `finalize_run` imports the report.
May import: training, report and what these may import.
"""
