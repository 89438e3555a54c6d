"""Fine-tunes the base model with LoRA."""

import os
import pickle

from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments

from training.settings import Settings


def load_examples(name):
    with open(os.path.join("data", name), "rb") as file:
        return pickle.load(file)


def train(settings: Settings, output: str = "out") -> None:
    """Train and save the adapter.

    Args:
        settings: What the run is told.
        output: The folder that the adapter goes to.
    """
    model = AutoModelForCausalLM.from_pretrained(
        settings.base_model,
        attn_implementation="eager",
    )
    model = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj"]))
    arguments = TrainingArguments(
        output_dir=output,
        num_train_epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        report_to="none",
    )
    trainer = Trainer(model=model, args=arguments, train_dataset=load_examples("examples.pkl"))
    trainer.train()
    print("finished", output)
    model.save_pretrained(output)
