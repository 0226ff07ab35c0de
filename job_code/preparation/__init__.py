"""From input files to checked panels on disk, and the sample that the model is trained on.

`read_input` is the first half of a run. `prepare` writes `panel_chunks`. `training_sample` draws by `stratification`.
May import: exogenous, plausibility and what these may import, run_request.
"""
