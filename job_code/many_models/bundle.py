"""The demand of a bundle: some customers with all of their series, in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from contract.customers import customer_name
from job_code.preparation.training_sample import Sample
from job_code.series.arrays import Booleans


@dataclass(frozen=True, kw_only=True)
class Customer:
    """One customer of a bundle.

    Attributes:
        name: Name in keys, from `contract.customers`.
        values: Values of the customer's key columns.
        series: Whether each series of the bundle is the customer's, shape (series,).
    """

    name: str
    values: tuple[object, ...]
    series: Booleans


def customers_of(bundle: Sample, by: Sequence[str]) -> Iterator[Customer]:
    """Yield the customers of a bundle, in the order of their keys.

    Args:
        bundle: The series, sorted by key.
        by: The first key columns, which identify a customer.
    """
    keys = bundle.panel.keys.select(by)
    positions = keys.with_row_index("_at").group_by(by, maintain_order=True).agg("_at")
    for *values, at in positions.iter_rows():
        chosen = np.zeros(keys.height, dtype=bool)
        chosen[at] = True
        yield Customer(name=customer_name([str(value) for value in values]), values=tuple(values), series=chosen)
