"""Where a request comes from: the other end of the connection, or whom a trusted proxy names.

https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/X-Forwarded-For: each proxy adds
the address that it saw at the right, so that only what trusted proxies added can be believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from fastapi import Request

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Providers hand out a network of this size to a customer, who may use all of it.
_CUSTOMER_PREFIX = 64
_LONGEST = 2_000


def client_address(request: Request, trusted: Sequence[Network]) -> Address | None:
    """Return where a request comes from.

    Args:
        request: The request.
        trusted: Proxies that may say for whom they speak.

    Returns:
        The address; None where the connection has none (a socket of the file system).
    """
    address = _parsed(request.client.host) if request.client is not None else None
    if address is None or not within(address, trusted):
        return address
    named = ",".join(request.headers.getlist("x-forwarded-for"))[-_LONGEST:]
    for text in reversed(named.split(",")):
        before = _parsed(text.strip())
        if before is None:
            return address
        address = before
        if not within(address, trusted):
            return address
    return address


def within(address: Address, networks: Sequence[Network]) -> bool:
    """Tell whether an address is in one of the networks."""
    return any(address in network for network in networks)


def limited_as(address: Address | None) -> str:
    """Return what an address counts as where requests are counted."""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _CUSTOMER_PREFIX), strict=False))
    return str(address)


def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
