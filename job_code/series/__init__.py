"""The domain types: frequency, panel of gapless series, life cycle, demand classes, and numpy array types.

These modules do not depend on files or models.
May import: nothing else of the job.
"""
