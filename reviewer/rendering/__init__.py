"""A review as people and machines see it: terminal, Markdown, JSON, SARIF, HTML. Pure."""
