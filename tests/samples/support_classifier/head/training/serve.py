"""Answers with the label of one mail."""

from transformers import AutoModelForCausalLM, AutoTokenizer


class Labeller:
    """Holds the model in memory."""

    def __init__(self, name: str) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(name)
        self.model = AutoModelForCausalLM.from_pretrained(name, device_map="auto")

    def label(self, mail: str) -> str:
        """Return the label."""
        inputs = self.tokenizer(mail, return_tensors="pt").to(self.model.device)
        output = self.model.generate(**inputs, max_new_tokens=8, use_cache=False)
        return self.tokenizer.decode(output[0], skip_special_tokens=True)
