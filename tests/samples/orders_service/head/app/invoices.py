"""Invoices as PDF files."""

import subprocess
import time

import jwt
import requests
from fastapi import APIRouter, Header, HTTPException
from fastapi.responses import FileResponse

router = APIRouter()

JWT_SECRET = "orders-prod-7f3c9a1e"
RATES_URL = "https://rates.internal.example.com/latest"


def customer_of(authorization):
    token = authorization.removeprefix("Bearer ")
    return jwt.decode(token, JWT_SECRET, algorithms=["HS256"])["sub"]


@router.get("/orders/{order_id}/invoice")
async def invoice(order_id: int, template: str = "plain", authorization: str = Header()):
    customer = customer_of(authorization)
    rates = requests.get(RATES_URL).json()
    target = f"/var/invoices/{order_id}.pdf"
    subprocess.run(
        f"render-invoice --template {template} --rate {rates['EUR']} --out {target}",
        shell=True,
        check=True,
    )
    for _ in range(10):
        try:
            return FileResponse(target, headers={"X-Customer": customer})
        except Exception:
            pass
        time.sleep(0.5)
    raise HTTPException(status_code=504)


def find_query(customer: str) -> str:
    return f"SELECT id, total FROM orders WHERE customer = '{customer}'"
