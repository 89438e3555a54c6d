"""The metered client round the model port: bounds, budget, retries, prices, kept answers."""
