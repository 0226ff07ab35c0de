"""Generate demand like a retailer's: seasons, promotions, launches, discontinued articles, empty weeks and noise.

The seed determines every number, so that rehearsals are reproducible.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from contract.job_start import DEMAND, STATIC

CATEGORIES = ("beverages", "garden", "household", "snacks", "toys")
PEAK_WEEK = {"beverages": 28, "garden": 20, "household": 5, "snacks": 45, "toys": 50}
SEASON_STRENGTH = {"beverages": 0.35, "garden": 0.9, "household": 0.1, "snacks": 0.2, "toys": 1.1}


@dataclass(frozen=True)
class SyntheticDemand:
    """Size and end of the demand.

    Attributes:
        articles: Number of articles.
        merchants: Number of merchants. Every merchant sells every article.
        weeks: Most weeks of history.
        last_week: Monday of the last week.
        seed: Seed of the random generator.
    """

    articles: int = 260
    merchants: int = 8
    weeks: int = 156
    last_week: date = date(2026, 11, 16)
    seed: int = 0


def write_demand(what: SyntheticDemand, folder: Path) -> int:
    """Write `demand/*.parquet` (one file per year, rows shuffled) and `static/articles.parquet`.

    Returns:
        The number of series with at least one row.
    """
    rng = np.random.default_rng(what.seed)
    series = _series(what, rng)
    rows = _rows(what, series, rng)
    for name in (DEMAND, STATIC):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for (year,), part in rows.group_by(pl.col("ds").dt.year(), maintain_order=True):
        part.sample(fraction=1.0, shuffle=True, seed=what.seed).write_parquet(folder / DEMAND / f"{year}.parquet")
    static = series.select("article_id", "merchant_id", "category", "brand", "merchant_size")
    static.write_parquet(folder / STATIC / "articles.parquet")
    return rows.select("article_id", "merchant_id").n_unique()


def _series(what: SyntheticDemand, rng: np.random.Generator) -> pl.DataFrame:
    """Return one row per series, with the parameters of its demand."""
    articles = pl.DataFrame(
        {
            "article_id": [f"A{number:05d}" for number in range(what.articles)],
            "category": [CATEGORIES[choice] for choice in rng.integers(len(CATEGORIES), size=what.articles)],
            "brand": [f"brand {choice}" for choice in rng.integers(12, size=what.articles)],
            # From one unit in three weeks to some hundreds per week. Most articles sell little.
            "level": np.exp(rng.normal(1.6, 1.5, size=what.articles)),
            "trend": rng.normal(0.0, 0.15, size=what.articles),  # relative change per year
            "born": _launch_weeks(what, rng),
            "died": _last_weeks(what, rng),
        }
    )
    merchants = pl.DataFrame(
        {
            "merchant_id": [f"M{number:02d}" for number in range(what.merchants)],
            "merchant_size": np.round(np.exp(rng.normal(0.0, 0.5, size=what.merchants)), 2),
        }
    )
    return articles.join(merchants, how="cross")


def _launch_weeks(what: SyntheticDemand, rng: np.random.Generator) -> np.ndarray:
    """Return the first week of each article. One article in eight starts after week 0, some in the last weeks."""
    late = rng.random(what.articles) < 0.125
    return np.where(late, rng.integers(1, what.weeks - 2, size=what.articles), 0)


def _last_weeks(what: SyntheticDemand, rng: np.random.Generator) -> np.ndarray:
    """Return the end of each article. One in twenty is discontinued, most of these more than a year before the end."""
    dead = rng.random(what.articles) < 0.05
    return np.where(dead, rng.integers(what.weeks // 3, what.weeks - 4, size=what.articles), what.weeks)


def _rows(what: SyntheticDemand, series: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    week = np.arange(what.weeks)
    mondays = [what.last_week - timedelta(weeks=int(what.weeks - 1 - number)) for number in week]
    of_year = np.array([monday.timetuple().tm_yday / 7 for monday in mondays])
    peak = np.array([PEAK_WEEK[name] for name in series["category"]])[:, None]
    strength = np.array([SEASON_STRENGTH[name] for name in series["category"]])[:, None]
    season = np.exp(strength * np.cos(2 * np.pi * (of_year - peak) / 52.18))
    trend = np.exp(series["trend"].to_numpy()[:, None] * (week - what.weeks / 2) / 52)
    level = (series["level"] * series["merchant_size"]).to_numpy()[:, None]
    wobble = np.exp(np.cumsum(rng.normal(0.0, 0.03, size=(len(series), what.weeks)), axis=1))
    promoted = rng.random((what.articles, what.weeks)) < 0.04  # a promotion of an article covers all merchants
    uplift = np.where(np.repeat(promoted, what.merchants, axis=0), 2.2, 1.0)
    expected = level * season * trend * wobble * uplift
    demand = rng.poisson(rng.gamma(4.0, expected / 4.0))  # overdispersed like real sales

    born, died = series["born"].to_numpy()[:, None], series["died"].to_numpy()[:, None]
    # Some weeks without sales have no row. The first week of a series always has a row.
    recorded = (demand > 0) | (rng.random(demand.shape) < 0.7) | (week == born)
    kept = (week >= born) & (week < died) & recorded
    at_series, at_week = np.nonzero(kept)
    return series.select("article_id", "merchant_id")[at_series].with_columns(
        pl.Series("ds", mondays)[at_week], pl.Series("y", demand[kept].astype(np.float64))
    )
