"""What goes in and out."""

from decimal import Decimal

from pydantic import BaseModel, Field


class OrderIn(BaseModel):
    customer: str = Field(min_length=1, max_length=80)
    total: Decimal = Field(gt=0)


class Order(OrderIn):
    id: int
