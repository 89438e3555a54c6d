"""The orders service: routes and wiring."""

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware

from app.invoices import router
from app.models import Order, OrderIn
from app.store import Store, get_store

app = FastAPI(title="orders")
app.add_middleware(
    CORSMiddleware,
    allow_origins=["*"],
    allow_credentials=True,
)
app.include_router(router)


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
