"""PlanFleet: decides how many instances of which type forecast together, before they are paid for.

`fleet` estimates time and cost, `sizing` chooses, and `quotas` says what the account may run.
"""
