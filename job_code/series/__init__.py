"""The domain types: frequency, panel of gapless series, life cycle, demand classes, and numpy array types.

Knows no file and no model.
May import: nothing else of the job.
"""
