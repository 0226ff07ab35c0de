"""Number and size of the trees of a model, by calendar.

Each hour of the week has a pattern of its own, and each series another one. Trees of the usual size cannot tell these
apart: on the hourly series of the M4, larger ones reduce the error by 4 % (`benchmarks.accuracy`). Large trees depend
more on the random choice of rows and features. So two models with other random numbers are averaged.
"""

from dataclasses import dataclass

from contract.calendar.frequencies import Calendar
from job_code.config import ForecastConfig


@dataclass(frozen=True)
class TreeSize:
    """Number and size of trees.

    Attributes:
        n_estimators: Boosting rounds.
        num_leaves: Maximum number of leaves of a tree.
        models: Number of models that are averaged.
    """

    n_estimators: int
    num_leaves: int
    models: int = 1


USUAL, OF_PARTS_OF_DAY = TreeSize(200, 31), TreeSize(400, 127, models=2)


def tree_size(config: ForecastConfig, calendar: Calendar) -> TreeSize:
    """Return the configured number and size of trees, or those of the calendar.

    Args:
        config: Model settings.
        calendar: Calendar of the demand.
    """
    default = OF_PARTS_OF_DAY if calendar.is_sub_daily else USUAL
    return TreeSize(
        config.n_estimators or default.n_estimators, config.num_leaves or default.num_leaves, models=default.models
    )
