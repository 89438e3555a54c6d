"""Drafts an answer to one mail."""

import asyncio

from fastapi import FastAPI
from pydantic import BaseModel
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE_MODEL = "mistralai/Mistral-7B-Instruct-v0.3"

app = FastAPI(title="assistant")
tokenizer = AutoTokenizer.from_pretrained(BASE_MODEL)
model = AutoModelForCausalLM.from_pretrained(BASE_MODEL, device_map="auto")


class Mail(BaseModel):
    text: str


class Draft(BaseModel):
    text: str


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/ready")
async def ready() -> dict[str, str]:
    return {"status": "ready"}


@app.post("/drafts")
async def draft(mail: Mail) -> Draft:
    return Draft(text=await asyncio.to_thread(answer, mail.text))


def answer(text: str) -> str:
    """Return a drafted answer."""
    inputs = tokenizer(text, return_tensors="pt").to(model.device)
    output = model.generate(**inputs, max_new_tokens=400, use_cache=False)
    return tokenizer.decode(output[0], skip_special_tokens=True)
