"""What several tests assert in the same way."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Iterator
from typing import Any

import httpx
import pytest

from autxmock import Mock


async def refused(call: Awaitable[Any], status: int) -> Any:
    """Awaits a call that the server must refuse with this status. Returns the answer's `detail`."""
    with pytest.raises(httpx.HTTPStatusError) as caught:
        await call
    response = caught.value.response
    assert response.status_code == status, response.text
    detail = response.json()["detail"]
    assert detail, "a refusal says why"
    return detail


async def invalid(call: Awaitable[Any], *path: str | int) -> None:
    """Awaits a call that the server must find invalid (422), naming the field at this path."""
    detail = await refused(call, 422)
    assert isinstance(detail, list), detail
    assert list(path) in [entry["loc"] for entry in detail], detail
    assert all(entry["msg"] and entry["type"] for entry in detail), detail


@contextlib.contextmanager
def nothing_changes(mock: Mock) -> Iterator[None]:
    """What runs inside leaves the server's world exactly as it was, and none of its requests counts as committed."""
    before, requests = mock.state(), len(mock.log())
    yield
    assert mock.state() == before
    later = mock.log()[requests:]
    assert later, "something was to be asked"
    assert not [entry for entry in later if entry["committed"]]
