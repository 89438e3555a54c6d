"""GitHub as the code host: reads pull requests and publishes to them, over PyGithub."""
