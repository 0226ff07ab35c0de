"""A model for each customer: train bundles of customers, compare them with the global model, choose and forecast.

`train_customers` composes the steps. The failure of one customer is a result, and ends nothing else.
May import: evaluation, forecasting and what these may import.
"""
