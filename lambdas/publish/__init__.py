"""Publish: makes a complete run visible to readers, in one atomic write.

`pointer` writes the pointer, `catalog` updates Athena's tables, and `announcement` writes the operators' message.
"""
