"""Takes away of one environment what would keep its stacks from being deleted, and what they would leave behind.

It acts with the credentials of whoever calls it: nothing that is deployed may empty a bucket.
"""
