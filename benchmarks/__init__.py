"""Benchmarks of the job: speed, memory and accuracy, and a generator of synthetic demand."""
