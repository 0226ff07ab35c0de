"""What two sides of the application must agree on: the container and the functions, or a program and its reader.

Holds the codes of failures with the form of their text, the form of the lines that a job logs, and the number of the
format that stored models have. The image brings all of this package along, a function's asset the modules that it
imports. It needs the standard library alone, and imports nothing of the project.
"""
