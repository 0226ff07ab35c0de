from contract.quotas import processing_quota, training_quota


def test_names_match_service_quotas() -> None:
    assert training_quota("ml.m5.large", spot=False) == "ml.m5.large for training job usage"
    assert training_quota("ml.m5.large", spot=True) == "ml.m5.large for spot training job usage"
    assert processing_quota("ml.m5.large") == "ml.m5.large for processing job usage"
