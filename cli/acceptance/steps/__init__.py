"""The steps of an acceptance. `all_steps` has them in order, with what each expects of AWS.

`deployment`, `runs`, `operator`, `partitions` and `messages` have their functions. Each takes a `Trial` and returns
what it saw. `demand` has their data, and `leftovers` finds what a removal has forgotten.
"""
