"""The assortment of a fictional retailer: merchant, level, first and last week of each series."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.generator.categories import CATEGORIES

BRANDS = 40
PACK_SIZES = (1, 2, 4, 6, 12)
LAUNCHED = 0.125  # share of articles that start during the history
DISCONTINUED = 0.06  # share of articles that stop selling during the history
SHORTEST_LIFE = 20  # least weeks of sales of a discontinued article
SERIES_A_BLOCK = 8192  # every block has its own random numbers, so a different size changes the demand


@dataclass(frozen=True, kw_only=True)
class Listings:
    """The series of consecutive articles with their merchants. All arrays have shape (series,), in key order.

    Attributes:
        block: Number of the block.
        article: Index of the article.
        merchant: Index of the merchant.
        level: Expected sales per week, before season, trend and promotions.
        first: Week of the first row.
        sells_until: First week without sales; the number of weeks if the series is not discontinued.
        listed_until: First week without a row. The weeks from `sells_until` to `listed_until` have rows with zeros.
    """

    block: int
    article: NDArray[np.int32]
    merchant: NDArray[np.int32]
    level: NDArray[np.float32]
    first: NDArray[np.int16]
    sells_until: NDArray[np.int16]
    listed_until: NDArray[np.int16]


@dataclass(frozen=True, kw_only=True)
class Assortment:
    """A retailer's articles and merchants. More merchants sell a popular article.

    Attributes:
        series: Number of pairs of an article and a merchant.
        weeks: Weeks of history.
        last: Monday of the last week.
        seed: Seed of all random numbers.
    """

    series: int
    weeks: int
    last: date
    seed: int

    @property
    def articles(self) -> int:
        """Number of articles: 228,000 for 5 million series."""
        return int(np.ceil(self.series**0.8))

    @property
    def merchants(self) -> int:
        """Number of merchants: 479 for 5 million series."""
        return int(np.ceil(self.series**0.4))

    @cached_property
    def mondays(self) -> list[date]:
        """Mondays of all weeks of the history."""
        return [self.last - timedelta(weeks=self.weeks - 1 - week) for week in range(self.weeks)]

    def random(self, *name: int) -> np.random.Generator:
        """Return a stream of random numbers that depends only on the seed and the name."""
        return np.random.Generator(np.random.SFC64(np.random.SeedSequence(self.seed, spawn_key=name)))

    @cached_property
    def category(self) -> NDArray[np.int64]:
        """Index of the category, shape (articles,)."""
        return self.random(0, 0).integers(len(CATEGORIES), size=self.articles)

    @cached_property
    def brand(self) -> NDArray[np.int64]:
        """Index of the brand, shape (articles,)."""
        return self.random(0, 1).integers(BRANDS, size=self.articles)

    @cached_property
    def pack_size(self) -> NDArray[np.int64]:
        """Units per pack, shape (articles,)."""
        return self.random(0, 2).choice(PACK_SIZES, size=self.articles, p=(0.5, 0.2, 0.12, 0.12, 0.06))

    @cached_property
    def popularity(self) -> NDArray[np.float64]:
        """Popularity on the log scale, shape (articles,). Category, brand and pack size explain a part of it."""
        category = np.array([category.level for category in CATEGORIES])[self.category]
        brand = self.random(0, 3).normal(0.0, 0.4, size=BRANDS)[self.brand]
        own = self.random(0, 4).normal(0.0, 1.3, size=self.articles)
        return category + brand - 0.3 * np.log(self.pack_size) + own

    @cached_property
    def merchant_size(self) -> NDArray[np.float64]:
        """Size on the log scale, shape (merchants,)."""
        return self.random(0, 5).normal(0.0, 0.5, size=self.merchants)

    @cached_property
    def list_price(self) -> NDArray[np.float64]:
        """List price, shape (articles,)."""
        prices: NDArray[np.float64] = np.exp(self.random(0, 6).normal(1.5, 0.7, size=self.articles))
        return prices * self.pack_size**0.8

    @cached_property
    def merchant_prices(self) -> NDArray[np.float64]:
        """Price relative to the list price, shape (merchants,)."""
        return self.random(0, 7).uniform(0.92, 1.12, size=self.merchants)

    @cached_property
    def season_strength(self) -> NDArray[np.float64]:
        """Strength of the season relative to the category, shape (articles,)."""
        return self.random(0, 8).normal(1.0, 0.2, size=self.articles)

    @cached_property
    def trend(self) -> NDArray[np.float64]:
        """Growth per year on the log scale, shape (articles,)."""
        category = np.array([category.trend for category in CATEGORIES])[self.category]
        return category + self.random(0, 9).normal(0.0, 0.1, size=self.articles)

    @cached_property
    def launched_in(self) -> NDArray[np.int64]:
        """Week of the launch, shape (articles,); 0 for articles launched before the history."""
        rng = self.random(0, 10)
        launched = rng.random(self.articles) < LAUNCHED
        return np.where(launched, rng.integers(1, max(2, self.weeks), size=self.articles), 0)

    @cached_property
    def discontinued_in(self) -> NDArray[np.int64]:
        """First week without sales, shape (articles,); the number of weeks if the article is not discontinued."""
        rng = self.random(0, 11)
        discontinued = rng.random(self.articles) < DISCONTINUED
        earliest = np.minimum(self.launched_in + SHORTEST_LIFE, self.weeks)
        end = earliest + rng.random(self.articles) * (self.weeks - earliest)
        return np.where(discontinued, end.astype(np.int64), self.weeks)

    @cached_property
    def sold_by(self) -> NDArray[np.int64]:
        """Number of merchants per article, shape (articles,). The sum is the number of series."""
        weight = np.exp(0.5 * self.popularity)
        least, most = 0.0, self.merchants / float(weight.min())
        for _ in range(100):  # bisection: the scaled, clipped weights must add up to the number of series
            scale = (least + most) / 2
            too_many = np.clip(scale * weight, 1, self.merchants).sum() > self.series
            least, most = (least, scale) if too_many else (scale, most)
        exact = np.clip(least * weight, 1, self.merchants)
        whole = np.floor(exact).astype(np.int64)
        short = self.series - int(whole.sum())
        whole[np.argsort(whole - exact, kind="stable")[:short]] += 1  # largest remainders first
        return whole

    def blocks(self) -> Iterator[tuple[int, range]]:
        """Yield the number and articles of every block."""
        begins = np.cumsum(self.sold_by) - self.sold_by
        starts = np.searchsorted(begins, np.arange(0, self.series, SERIES_A_BLOCK))
        edges = [*np.unique(starts).tolist(), self.articles]
        yield from enumerate(range(low, high) for low, high in pairwise(edges))

    def listings(self, block: int, articles: range) -> Listings:
        """Return the series of a block of articles, in key order."""
        rng = self.random(1, block)
        at = slice(articles.start, articles.stop)
        # The largest Gumbel numbers, shifted by size, are a draw without replacement in proportion to size.
        liking = self.merchant_size + rng.gumbel(size=(len(articles), self.merchants))
        rank = np.argsort(np.argsort(-liking, axis=1), axis=1)
        local, merchant = np.nonzero(rank < self.sold_by[at, None])
        article = local + articles.start
        own = rng.normal(-2.0, 0.6, size=article.size)
        level = np.exp(self.popularity[article] + self.merchant_size[merchant] + own)
        launched = self.launched_in[article]
        follows = launched + rng.integers(0, 9, size=article.size)  # merchants list a new article gradually
        first = np.where(launched > 0, np.minimum(follows, self.weeks - 1), 0)
        discontinued = self.discontinued_in[article]
        listed = np.minimum(discontinued + rng.integers(4, 40, size=article.size), self.weeks)
        return Listings(
            block=block,
            article=article.astype(np.int32),
            merchant=merchant.astype(np.int32),
            level=level.astype(np.float32),
            first=first.astype(np.int16),
            sells_until=discontinued.astype(np.int16),
            listed_until=listed.astype(np.int16),
        )
