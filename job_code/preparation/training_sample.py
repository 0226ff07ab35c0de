"""The sample: the series a run trains and backtests on, in memory."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import polars as pl

from job_code.exogenous.covariate_mask import CovariateMask
from job_code.exogenous.covariates import Covariates
from job_code.exogenous.exogenous_features import Exogenous
from job_code.exogenous.static_features import StaticFeatures
from job_code.preparation.panel_chunks import read_chunk, read_life_stages
from job_code.preparation.prepare import PreparedDemand
from job_code.preparation.stratification import STRATA, SamplePlan
from job_code.series.arrays import Booleans, Floats, Integers
from job_code.series.lifecycle import is_active
from job_code.series.panel import Panel


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A sample of the series of a run, or all series.

    Attributes:
        panel: The series, sorted by key.
        exogenous: Static features and covariates of the series.
        active: Whether each series still sells, shape (series,).
        weight: Number of series of the run that each series represents, at least 1, shape (series,).
        stratum: Stratum of each series, shape (series,).
        in_half_sample: Whether each series is in the sample of half the size, shape (series,).
        series: Number of series in the run, by stratum.
        sampled: Number of series in the sample, by stratum.
    """

    panel: Panel
    exogenous: Exogenous
    active: Booleans
    weight: Floats
    stratum: Integers
    in_half_sample: Booleans
    series: dict[str, int]
    sampled: dict[str, int]

    @classmethod
    def draw(cls, demand: PreparedDemand, rows: int) -> Self:
        """Draw a sample.

        Args:
            demand: All series, on disk.
            rows: Approximate number of rows of demand.
        """
        plan = SamplePlan.of(demand.stratum_counts, rows)
        panels, static, covariates, rest = [], [], [], []
        for info in demand.chunks:
            hashes, stages, bins = read_life_stages(info.folder)
            strata = plan.strata(stages, bins)
            chosen = plan.selected(hashes, strata)
            if not chosen.any():
                continue
            chunk = read_chunk(info.folder, demand.calendar.frequency, only=chosen)
            panels.append(chunk.panel)
            static.append(demand.encoding.encode(chunk.static))
            covariates.append(demand.covariates.read(info.folder, chunk.panel, only=chosen))
            half = plan.selected(hashes, strata, part=0.5)
            rest.append((chunk.active, strata[chosen], half[chosen], hashes[chosen]))
        keys = pl.concat(panel.keys for panel in panels)
        order = keys.with_row_index("_at").sort(keys.columns)["_at"].to_numpy()
        active, stratum, half, hashes = (np.concatenate(each)[order] for each in zip(*rest, strict=True))
        mask_rate = demand.covariates.mask_rate
        mask = None if mask_rate is None else CovariateMask(mask_rate=mask_rate, series=hashes)
        counts = np.bincount(stratum, minlength=len(STRATA))
        share = counts / np.maximum(plan.series, 1)
        return cls(
            panel=Panel.stack(panels),
            exogenous=Exogenous(
                StaticFeatures(pl.concat(static)[order], tuple(demand.encoding.categories)),
                replace(Covariates.stack(covariates).take(order), mask=mask),
            ),
            active=active,
            weight=1 / share[stratum],
            stratum=stratum,
            in_half_sample=half,
            series=dict(zip(STRATA, plan.series.tolist(), strict=True)),
            sampled=dict(zip(STRATA, counts.tolist(), strict=True)),
        )

    def select(self, series: Booleans) -> Self:
        """Return the sample with the selected series."""
        return replace(
            self,
            panel=self.panel.select(series),
            exogenous=self.exogenous.select(series),
            active=self.active[series],
            weight=self.weight[series],
            stratum=self.stratum[series],
            in_half_sample=self.in_half_sample[series],
        )

    def without_last(self, periods: int) -> Self:
        """Return the sample without the last periods of every series. All series must be longer."""
        panel = self.panel.without_last(periods)
        return replace(self, panel=panel, active=is_active(panel))

    @property
    def rows(self) -> int:
        """Number of rows of demand."""
        return len(self.panel.values)

    @property
    def is_full_population(self) -> bool:
        """True if the sample holds all series."""
        return sum(self.sampled.values()) == sum(self.series.values())
