"""The service's door: webhooks, a small API, a live stream, and what operators look at."""
