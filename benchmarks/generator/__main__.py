"""The command `python -m benchmarks.generator`."""

from benchmarks.generator.generate import main

if __name__ == "__main__":
    main()
