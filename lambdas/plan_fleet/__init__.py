"""PlanFleet: decides number and type of a fleet's instances, before they cost money.

`fleet` estimates time and cost, `sizing` chooses the number, and `quotas` reads the account's limits.
"""
