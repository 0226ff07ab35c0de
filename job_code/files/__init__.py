"""Files: find everything below a path, recognize each file by its content, and stream the rows of every format.

`find_files` finds them, `recognize` says what a file is, `open_file` returns its reader.
May import: config, errors.
"""
