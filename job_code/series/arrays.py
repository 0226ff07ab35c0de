"""Types of NumPy arrays, and the runs of equal rows in them."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Cells = npt.NDArray[np.float32]  # values of covariates


def begins_of_runs(*ordered: npt.NDArray[Any]) -> Integers:
    """Return the position of the first row of each run: consecutive rows that are equal in every array.

    Args:
        ordered: Arrays of the same rows, each of shape (rows,), at least one.
    """
    rows = len(ordered[0])
    if not rows:
        return np.empty(0, np.int64)
    changes = np.logical_or.reduce([np.diff(each) != 0 for each in ordered])
    return np.flatnonzero(np.append(True, changes))


def ends_of_runs(*ordered: npt.NDArray[Any]) -> Integers:
    """Return the position of the last row of each run, as `begins_of_runs` does of the first."""
    begins = begins_of_runs(*ordered)
    return np.append(begins[1:], len(ordered[0]))[: len(begins)] - 1
