"""Choose for each customer: its own model, the global model, or the mean of both.

The backtest of one customer has few independent forecasts. Who takes the better of two models by it takes the luckier
one in many cases. So the gain of a model over the mean of both is shrunk toward the usual gain of all customers, as far
as their gains differ by no more than chance (empirical Bayes: Efron and Morris, 1973). A model is chosen only if the
shrunk gain is above a margin.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from job_code.series.arrays import Floats, Integers

MARGIN = 0.01  # of the loss of the mean of both; a smaller gain is not worth the risk
OVERLAP = 3.0  # windows per horizon: they share most of their periods, so they are less certain than as many others


class ModelKind(StrEnum):
    """The model of a customer's forecasts."""

    MEAN = "mean"
    OWN = "own"
    GLOBAL = "global"


KINDS = tuple(ModelKind)


@dataclass(frozen=True, kw_only=True)
class ModelChoice:
    """The choice of some customers.

    Attributes:
        kind: Position of the chosen kind in `KINDS`, shape (customers,).
        gain: Shrunk gain of each kind over the mean of both, as a share of its loss, shape (kinds, customers).
    """

    kind: Integers
    gain: Floats


def choose_models(loss: Floats) -> ModelChoice:
    """Choose the kind of each customer.

    Args:
        loss: Mean loss of each kind, window and customer, NaN without observations, shape (kinds, windows, customers).
    """
    mean_of_both = _mean(loss[0])
    unit = np.where(mean_of_both > 0, mean_of_both, 1.0)
    gain = np.array([_shrunk(each) for each in (loss[0] - loss) / unit])
    best = np.argmax(gain, axis=0)
    return ModelChoice(kind=np.where(np.max(gain, axis=0) > MARGIN, best, 0), gain=gain)


def _shrunk(gain: Floats) -> Floats:
    """Shrink the gains of customers toward their mean.

    Args:
        gain: By window and customer, NaN without observations, shape (windows, customers).

    Returns:
        Shape (customers,).
    """
    count, own = np.isfinite(gain).sum(axis=0), _mean(gain)
    variance = _mean((gain - own) ** 2) * OVERLAP / np.maximum(count - 1, 1)
    chance = np.full_like(own, np.median(variance))  # a variance of few windows is itself uncertain
    usual = float(np.median(own))
    between = max(0.0, float(np.var(np.clip(own, *np.quantile(own, [0.02, 0.98])))) - float(np.mean(chance)))
    share = np.divide(between, between + chance, out=np.zeros_like(own), where=between + chance > 0)
    shrunk: Floats = usual + share * (own - usual)
    return shrunk


def _mean(values: Floats) -> Floats:
    """Average over the windows, shape (customers,); 0 without observations."""
    count = np.isfinite(values).sum(axis=0)
    mean: Floats = np.nansum(values, axis=0) / np.maximum(count, 1)
    return mean
