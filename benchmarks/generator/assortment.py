"""What a made-up retailer sells: which merchant sells which article, how well, since when and until when."""

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
LAUNCHED = 0.125  # share of articles that are launched during the history
DEAD = 0.06  # share of articles that stop selling during the history
SHORTEST_LIFE = 20  # weeks that a dead article has sold at least
SERIES_A_BLOCK = 8192  # every block has random numbers of its own: another size makes other demand


@dataclass(frozen=True, kw_only=True)
class Listings:
    """Consecutive articles with every merchant that sells them: one entry a series, in key order.

    Attributes:
        block: Number of the block.
        article: Index of the series' article.
        merchant: Index of its merchant.
        level: Expected sales a week, before season, trend and promotions.
        first: Week of its first row.
        sells_until: First week in which it sells no more; the number of weeks, if it goes on selling.
        listed_until: First week without a row; the zeros of the weeks between the two are rows.
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
    """A retailer's articles at its merchants; an article that sells well is sold by more of them.

    Attributes:
        series: Number of pairs of an article and a merchant.
        weeks: Length of the history.
        last: Monday of its last week.
        seed: Everything random follows from it.
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
        """Of every week of the history."""
        return [self.last - timedelta(weeks=self.weeks - 1 - week) for week in range(self.weeks)]

    def random(self, *name: int) -> np.random.Generator:
        """A stream of random numbers that depends on the seed and its name alone."""
        return np.random.Generator(np.random.SFC64(np.random.SeedSequence(self.seed, spawn_key=name)))

    @cached_property
    def category(self) -> NDArray[np.int64]:
        """Index of every article's category."""
        return self.random(0, 0).integers(len(CATEGORIES), size=self.articles)

    @cached_property
    def brand(self) -> NDArray[np.int64]:
        """Index of every article's brand."""
        return self.random(0, 1).integers(BRANDS, size=self.articles)

    @cached_property
    def pack_size(self) -> NDArray[np.int64]:
        """Pieces in a pack of every article."""
        return self.random(0, 2).choice(PACK_SIZES, size=self.articles, p=(0.5, 0.2, 0.12, 0.12, 0.06))

    @cached_property
    def popularity(self) -> NDArray[np.float64]:
        """Of every article, on the log scale; its category, brand and pack size tell a part of it."""
        of_category = np.array([category.level for category in CATEGORIES])[self.category]
        of_brand = self.random(0, 3).normal(0.0, 0.4, size=BRANDS)[self.brand]
        own = self.random(0, 4).normal(0.0, 1.3, size=self.articles)
        return of_category + of_brand - 0.3 * np.log(self.pack_size) + own

    @cached_property
    def merchant_size(self) -> NDArray[np.float64]:
        """Of every merchant, on the log scale."""
        return self.random(0, 5).normal(0.0, 0.5, size=self.merchants)

    @cached_property
    def list_price(self) -> NDArray[np.float64]:
        """Of every article."""
        prices: NDArray[np.float64] = np.exp(self.random(0, 6).normal(1.5, 0.7, size=self.articles))
        return prices * self.pack_size**0.8

    @cached_property
    def merchant_prices(self) -> NDArray[np.float64]:
        """How dear every merchant is, relative to the list price."""
        return self.random(0, 7).uniform(0.92, 1.12, size=self.merchants)

    @cached_property
    def season_strength(self) -> NDArray[np.float64]:
        """Of every article, relative to its category's."""
        return self.random(0, 8).normal(1.0, 0.2, size=self.articles)

    @cached_property
    def trend(self) -> NDArray[np.float64]:
        """Growth of every article a year, on the log scale."""
        of_category = np.array([category.trend for category in CATEGORIES])[self.category]
        return of_category + self.random(0, 9).normal(0.0, 0.1, size=self.articles)

    @cached_property
    def launched_in(self) -> NDArray[np.int64]:
        """Week in which every article comes to the market; 0 is before the history."""
        random = self.random(0, 10)
        launched = random.random(self.articles) < LAUNCHED
        return np.where(launched, random.integers(1, max(2, self.weeks), size=self.articles), 0)

    @cached_property
    def given_up_in(self) -> NDArray[np.int64]:
        """First week in which every article sells no more; the number of weeks, if it goes on selling."""
        random = self.random(0, 11)
        dead = random.random(self.articles) < DEAD
        earliest = np.minimum(self.launched_in + SHORTEST_LIFE, self.weeks)
        given_up = earliest + random.random(self.articles) * (self.weeks - earliest)
        return np.where(dead, given_up.astype(np.int64), self.weeks)

    @cached_property
    def sold_by(self) -> NDArray[np.int64]:
        """Number of merchants that sell every article, in all as many as there are series."""
        weight = np.exp(0.5 * self.popularity)
        least, most = 0.0, self.merchants / float(weight.min())
        for _ in range(100):  # halves the interval until the scaled, limited weights add up to the series
            scale = (least + most) / 2
            too_many = np.clip(scale * weight, 1, self.merchants).sum() > self.series
            least, most = (least, scale) if too_many else (scale, most)
        exact = np.clip(least * weight, 1, self.merchants)
        whole = np.floor(exact).astype(np.int64)
        short = self.series - int(whole.sum())
        whole[np.argsort(whole - exact, kind="stable")[:short]] += 1  # largest remainders first
        return whole

    def blocks(self) -> Iterator[tuple[int, range]]:
        """Number and articles of every block."""
        begins = np.cumsum(self.sold_by) - self.sold_by
        starts = np.searchsorted(begins, np.arange(0, self.series, SERIES_A_BLOCK))
        edges = [*np.unique(starts).tolist(), self.articles]
        yield from enumerate(range(low, high) for low, high in pairwise(edges))

    def listings(self, block: int, articles: range) -> Listings:
        """Who sells the articles of a block, in key order."""
        random = self.random(1, block)
        at = slice(articles.start, articles.stop)
        # The largest of independent Gumbel numbers, shifted by size: a draw without replacement, in proportion to size.
        liking = self.merchant_size + random.gumbel(size=(len(articles), self.merchants))
        rank = np.argsort(np.argsort(-liking, axis=1), axis=1)
        local, merchant = np.nonzero(rank < self.sold_by[at, None])
        article = local + articles.start
        own = random.normal(-2.0, 0.6, size=article.size)
        level = np.exp(self.popularity[article] + self.merchant_size[merchant] + own)
        launched = self.launched_in[article]
        follows = launched + random.integers(0, 9, size=article.size)  # merchants take up a new article bit by bit
        first = np.where(launched > 0, np.minimum(follows, self.weeks - 1), 0)
        given_up = self.given_up_in[article]
        listed = np.minimum(given_up + random.integers(4, 40, size=article.size), self.weeks)
        return Listings(
            block=block,
            article=article.astype(np.int32),
            merchant=merchant.astype(np.int32),
            level=level.astype(np.float32),
            first=first.astype(np.int16),
            sells_until=given_up.astype(np.int16),
            listed_until=listed.astype(np.int16),
        )
