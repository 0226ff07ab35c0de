"""The choice of a customer's model uses the evidence of all customers."""

import numpy as np

from job_code.many_models.model_choice import KINDS, ModelKind, choose_models
from job_code.series.arrays import Floats

OWN, GLOBAL, MEAN = (KINDS.index(kind) for kind in (ModelKind.OWN, ModelKind.GLOBAL, ModelKind.MEAN))


def losses(own: Floats, shared: Floats, *, noise: float, seed: int = 0) -> Floats:
    """Losses of 7 windows, relative to the mean of both, shape (kinds, windows, customers)."""
    random = np.random.default_rng(seed)
    loss = np.ones((len(KINDS), 7, len(own)))
    loss[OWN], loss[GLOBAL] = own, shared
    loss *= random.lognormal(0, 0.3, (1, 7, len(own)))  # some weeks are hard for all
    loss[1:] *= 1 + noise * random.standard_normal((len(KINDS) - 1, 7, len(own)))
    return loss


def test_luck_chooses_the_mean_of_both() -> None:
    same = np.full(200, 1.03)
    choice = choose_models(losses(same, same, noise=0.2))
    assert np.mean(choice.kind == MEAN) > 0.9


def test_customers_that_clearly_differ_get_their_better_model() -> None:
    own = np.where(np.arange(200) < 100, 0.7, 1.4)
    choice = choose_models(losses(own, own[::-1], noise=0.1))
    assert np.mean(choice.kind[:100] == OWN) > 0.95
    assert np.mean(choice.kind[100:] == GLOBAL) > 0.95


def test_a_small_gain_of_all_customers_is_certain() -> None:
    choice = choose_models(losses(np.full(200, 0.95), np.full(200, 1.1), noise=0.1))
    assert np.mean(choice.kind == OWN) > 0.95


def test_a_gain_below_the_margin_is_not_worth_it() -> None:
    choice = choose_models(losses(np.full(200, 0.995), np.full(200, 1.1), noise=0.0))
    assert (choice.kind == MEAN).all()


def test_one_customer_and_windows_without_observations() -> None:
    loss = losses(np.array([0.9]), np.array([1.2]), noise=0.0)
    loss[:, 0] = np.nan
    assert choose_models(loss).kind.tolist() == [OWN]
    silent = np.full_like(loss, np.nan)
    assert choose_models(np.concatenate([loss, silent], axis=2)).kind.tolist()[1] == MEAN
