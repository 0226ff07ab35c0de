"""What an execution was asked for, read and checked before anything is started. Shared by those that need it."""
