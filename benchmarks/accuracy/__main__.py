"""The command `python -m benchmarks.accuracy`."""

from benchmarks.accuracy.run_tasks import main

if __name__ == "__main__":
    main()
