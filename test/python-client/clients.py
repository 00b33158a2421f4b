"""The published clients behind one awaitable surface, with a record of the public methods that were called."""

from __future__ import annotations

import contextlib
import inspect
import io
import pathlib
import tempfile
from collections.abc import AsyncIterator, Callable
from typing import Any

from autx_client import AsyncChatSession, AutxAsyncClient, AutxClient

CLASSES = {cls.__name__: cls for cls in (AutxClient, AutxAsyncClient, AsyncChatSession)}
KINDS = {"sync": AutxClient, "async": AutxAsyncClient}


def public_methods(name: str) -> set[str]:
    """The names of the public methods that a class of the client has."""
    return {
        member for member, value in inspect.getmembers(CLASSES[name])
        if not member.startswith("_") and callable(value)
    }


class Client:
    """Either published client. Each public method can be awaited, whichever client is behind it.

    The two differ in how they take files: the sync one wants file objects and an image's path, the async one bytes.
    Tests speak the async way; here it is turned into the other.
    """

    def __init__(self, kind: str, record: Callable[[str, str], None], **options: Any) -> None:
        self.raw = KINDS[kind](**options)
        self._kind = kind
        self._record = record

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        method = getattr(self.raw, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            self._record(type(self.raw).__name__, name)
            result = method(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result

        return call

    async def order(self, *args: Any, files: list[tuple[str, bytes]] | None = None, **kwargs: Any) -> Any:
        if files is not None and self._kind == "sync":
            files = [(name, io.BytesIO(content)) for name, content in files]
        return await self.__getattr__("order")(*args, files=files, **kwargs)

    async def upload_agent_image(self, agent_id: str, content: bytes, filename: str) -> Any:
        upload = self.__getattr__("upload_agent_image")
        if self._kind == "async":
            return await upload(agent_id, content, filename)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, filename)
            path.write_bytes(content)
            return await upload(agent_id, str(path))

    async def stream(self, *args: Any) -> AsyncIterator[str]:
        self._record("AutxAsyncClient", "stream")
        async for chunk in self.raw.stream(*args):
            yield chunk

    @contextlib.asynccontextmanager
    async def session(self, *args: Any) -> AsyncIterator[Chat]:
        self._record("AutxAsyncClient", "session")
        async with self.raw.session(*args) as chat:
            yield Chat(chat, self._record)


class Chat:
    """The published chat session, recorded in the same way."""

    def __init__(self, raw: AsyncChatSession, record: Callable[[str, str], None]) -> None:
        self.raw = raw
        self.info = raw.info
        self._record = record

    def message(self, prompt: str) -> AsyncIterator[str]:
        """Sends a prompt; the generator is the client's own, so that closing it closes the client's."""
        self._record("AsyncChatSession", "message")
        return self.raw.message(prompt)

    async def say(self, prompt: str) -> str:
        """A whole turn: the chunks of the answer, put together."""
        return "".join([chunk async for chunk in self.message(prompt)])

    async def close(self) -> None:
        self._record("AsyncChatSession", "close")
        await self.raw.close()

    def hang_up(self) -> None:
        """Drops the connection as a crash would: no close message, no closing handshake."""
        self.raw._ws.transport.abort()
