"""Reads the labelled mail; the files live in DVC (see data/*.dvc)."""

from pathlib import Path

from datasets import Dataset, load_dataset


def read_mail(folder: Path) -> Dataset:
    """Return the training split."""
    return load_dataset("csv", data_files=str(folder / "train.csv"), split="train")
