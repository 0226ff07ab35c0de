"""The categories of the fictional retailer, each with its season."""

from typing import NamedTuple


class Category(NamedTuple):
    """The common parameters of a category's articles.

    Attributes:
        name: Name in the static columns.
        peak_week: Week of the year with the highest sales.
        strength: Amplitude of the season, on the log scale.
        trend: Growth per year, on the log scale.
        level: Level of sales, on the log scale.
    """

    name: str
    peak_week: float
    strength: float
    trend: float
    level: float


CATEGORIES = (
    Category("beverages", 28, 0.35, 0.04, 0.6),
    Category("bakery", 50, 0.15, 0.00, 0.5),
    Category("barbecue", 26, 1.10, 0.05, -0.3),
    Category("books", 49, 0.50, -0.12, -0.4),
    Category("electronics", 48, 0.60, 0.08, -0.5),
    Category("garden", 19, 0.90, 0.03, -0.2),
    Category("household", 5, 0.10, 0.00, 0.4),
    Category("pets", 2, 0.05, 0.10, 0.2),
    Category("snacks", 45, 0.20, 0.02, 0.5),
    Category("stationery", 35, 0.70, -0.06, -0.1),
    Category("toys", 50, 1.10, 0.00, -0.3),
    Category("winter wear", 46, 0.95, -0.03, -0.4),
)
