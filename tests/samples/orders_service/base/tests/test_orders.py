"""The orders endpoint."""

from app.models import OrderIn


def test_an_order_needs_a_customer() -> None:
    assert OrderIn(customer="Ada", total=1).customer == "Ada"
