"""Units and prices of every series in every week."""

from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.generator.assortment import Assortment, Listings
from benchmarks.generator.categories import CATEGORIES

PROMOTED = 0.04  # share of an article's weeks with a promotion, which covers all merchants
DISCOUNTS = (0.1, 0.2, 0.3, 0.4)
ELASTICITY = 3.0
WOBBLE = 0.03  # weekly step of every article's random walk, on the log scale
NOISE = 0.4  # of every series and week, on the log scale; makes counts overdispersed, as real sales are
MAX_EXPECTED = 20_000.0  # expected units per week, so that the units fit into 16 bits
WEEKS_A_YEAR = 365.25 / 7


@dataclass(frozen=True, kw_only=True)
class Sales:
    """The whole history of a block of series.

    Attributes:
        listings: The series.
        units: Units sold, shape (weeks, series); 0 in weeks without a row.
        price: Price without promotions, shape (series,).
        discount: Relative discount, shape (weeks, articles of the block).
    """

    listings: Listings
    units: NDArray[np.uint16]
    price: NDArray[np.float32]
    discount: NDArray[np.float32]

    def prices(self, weeks: slice) -> NDArray[np.float32]:
        """Return the price per unit, rounded to cents, shape (weeks, series)."""
        local = self.listings.article - self.listings.article[0]
        return np.round(self.price * (1 - self.discount[weeks][:, local]), 2)


def sales(assortment: Assortment, *, ahead: int) -> Generator[Sales, None, None]:
    """Yield every block in key order, and generate up to `ahead` blocks in the background."""
    blocks = assortment.blocks()
    with ThreadPoolExecutor(max_workers=1) as background:
        waiting: list[Future[Sales]] = []
        try:
            for block, articles in blocks:
                waiting.append(background.submit(_block, assortment, block, articles))
                if len(waiting) > ahead:
                    yield waiting.pop(0).result()
            while waiting:
                yield waiting.pop(0).result()
        finally:
            background.shutdown(cancel_futures=True)


def _block(assortment: Assortment, block: int, articles: range) -> Sales:
    listings = assortment.listings(block, articles)
    rng = assortment.random(2, block)
    discount = np.where(
        rng.random((assortment.weeks, len(articles))) < PROMOTED,
        rng.choice(DISCOUNTS, size=(assortment.weeks, len(articles))),
        0.0,
    ).astype(np.float32)
    wobble = np.cumsum(rng.normal(0.0, WOBBLE, size=discount.shape), axis=0)
    factors = _season_and_trend(assortment, articles) + wobble - ELASTICITY * np.log1p(-discount)
    price = assortment.list_price[listings.article] * assortment.merchant_prices[listings.merchant]
    units = _units(listings, np.exp(factors).astype(np.float32), rng)
    return Sales(listings=listings, units=units, price=price.astype(np.float32), discount=discount)


def _season_and_trend(assortment: Assortment, articles: range) -> NDArray[np.float64]:
    """Return season and trend on the log scale, shape (weeks, articles)."""
    at = slice(articles.start, articles.stop)
    of_year = np.array([monday.timetuple().tm_yday / 7 for monday in assortment.mondays])[:, None]
    peak = np.array([category.peak_week for category in CATEGORIES])[assortment.category[at]]
    strength = np.array([category.strength for category in CATEGORIES])[assortment.category[at]]
    season = np.cos(2 * np.pi * (of_year - peak) / WEEKS_A_YEAR)
    years = (np.arange(assortment.weeks)[:, None] - assortment.weeks / 2) / WEEKS_A_YEAR
    grown: NDArray[np.float64] = strength * assortment.season_strength[at] * season + assortment.trend[at] * years
    return grown


def _units(listings: Listings, factors: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint16]:
    weeks, local = np.arange(len(factors))[:, None], listings.article - listings.article[0]
    noise = rng.standard_normal((len(weeks), local.size), dtype=np.float32)
    expected = np.exp(np.multiply(noise, np.float32(NOISE), out=noise), out=noise)
    expected *= factors[:, local]
    expected *= listings.level
    np.minimum(expected, np.float32(MAX_EXPECTED), out=expected)
    expected *= (weeks >= listings.first) & (weeks < listings.sells_until)
    return rng.poisson(expected).astype(np.uint16)
