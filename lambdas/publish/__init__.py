"""Publish: points the readers to a whole run, in one atomic switch.

`pointer` writes the switch, `catalog` updates Athena's tables, and `announcement` tells the operators.
"""
