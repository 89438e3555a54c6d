"""The orders service: routes and wiring."""

from fastapi import Depends, FastAPI

from app.models import Order, OrderIn
from app.store import Store, get_store

app = FastAPI(title="orders")


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/ready")
async def ready(store: Store = Depends(get_store)) -> dict[str, str]:
    await store.ping()
    return {"status": "ready"}


@app.post("/orders", status_code=201)
async def create_order(order: OrderIn, store: Store = Depends(get_store)) -> Order:
    return await store.add(order)
