"""Times: read the time column of a table, with its zone and the hour at which a day begins.

Every row has a moment: `moments` is where to start.
May import: tables, files, config, errors.
"""
