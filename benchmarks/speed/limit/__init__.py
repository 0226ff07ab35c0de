"""A limit to measure the job against: its files decoded and its trees evaluated by public means, and nothing else.

`least_work` says what the limit is, `measure` measures it. `decode` and `trees` are programs of their own;
`tree_rows` draws what `trees` predicts, `predictors` knows who can.
"""
