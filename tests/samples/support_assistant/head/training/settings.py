"""What a run is told from outside."""

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    base_model: str = "mistralai/Mistral-7B-v0.3"
    epochs: int = 3
    learning_rate: float = 2e-4
