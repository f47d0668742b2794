"""The sockets of open pages: who may listen to what, and what they hear."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings as configured
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client
from pytest_django import Settings

from notifications import clock, consumers, live
from notifications.models import Membership, Project, Role
from notifications.routing import websocket_urlpatterns
from tests.factories import make_broadcast, make_operator, make_project
from tests.faults.private_redis import PrivateRedis, private_redis

SOON = 5.0
AT_MOST = 3.0
"""Seconds after which a page is right again, whatever happened to the bus."""
HOST = "carillon.test"
application = AuthMiddlewareStack(URLRouter(cast(Any, websocket_urlpatterns)))


@pytest.fixture
def viewer(committed: Project) -> User:
    """Somebody who may see the default project and nothing else."""
    return make_operator("viewer", committed, Role.VIEWER)


@pytest_asyncio.fixture
async def hub(settings: Settings) -> AsyncIterator[consumers.Hub]:
    """The hub of this process, listening to its own threads."""
    settings.REDIS_URL = ""
    consumers.hub.start()
    yield consumers.hub
    consumers.hub.stop()
    await sync_to_async(connections.close_all)()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[PrivateRedis]:
    """A Redis that may be stopped."""
    with private_redis(tmp_path) as running:
        yield running


@pytest_asyncio.fixture
async def scaled_hub(settings: Settings, redis: PrivateRedis) -> AsyncIterator[consumers.Hub]:
    """The hub of this process, listening to a bus between processes."""
    settings.REDIS_URL = redis.url
    layer = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [redis.url]}}
    settings.CHANNEL_LAYERS = {"default": layer}
    consumers.hub.start()
    await until(lambda: redis.client.pubsub_numsub("asgi__group__live")[0][1] == 1)
    yield consumers.hub
    consumers.hub.stop()
    await live.bus().flush()
    await sync_to_async(connections.close_all)()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not await sync_to_async(condition)():
            await asyncio.sleep(0.02)


class Page(WebsocketCommunicator):
    """A page that opens its socket."""

    def __init__(self, user: User | None, path: str, origin: str | None = f"http://{HOST}") -> None:
        headers = [(b"host", HOST.encode())]
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        if user:
            headers.append((b"cookie", cookie_of(user).encode()))
        super().__init__(application, path, headers)

    async def hears(self) -> dict[str, Any]:
        """The next word."""
        word: dict[str, Any] = json.loads(await self.receive_from(SOON))
        return word


def cookie_of(user: User) -> str:
    browser = Client()
    browser.force_login(user)
    name = configured.SESSION_COOKIE_NAME
    return f"{name}={browser.cookies[name].value}"


async def is_admitted(*arguments: Any, **options: Any) -> bool:
    page = await sync_to_async(Page)(*arguments, **options)
    admitted, _ = await page.connect(SOON)
    await page.disconnect()
    return bool(admitted)


@asynccontextmanager
async def open_page(user: User, path: str) -> AsyncIterator[Page]:
    """A page whose socket is open; its first word, the promise of a beat, is read."""
    page = await sync_to_async(Page)(user, path)
    admitted, _ = await page.connect(SOON)
    assert admitted
    assert await page.hears() == {"beat": consumers.BEAT}
    yield page
    await page.disconnect()


def path_of(project: Project, *topics: str) -> str:
    return f"/ws/live/{project.slug}/?" + "&".join(f"topic={topic}" for topic in topics)


def topic_of(row: Any) -> str:
    return f"{type(row).__name__.lower()}:{row.pk}"


class TestWhoMayListen:
    @pytest.fixture(autouse=True)
    def _prepared(self, committed: Project, viewer: User, hub: consumers.Hub) -> None:
        self.project, self.viewer = committed, viewer
        self.path = path_of(committed, topic_of(committed))

    async def test_an_operator_of_the_project_may(self) -> None:
        assert await is_admitted(self.viewer, self.path)

    async def test_an_anonymous_visitor_may_not(self) -> None:
        assert not await is_admitted(None, self.path)

    async def test_a_page_of_another_site_may_not(self) -> None:
        assert not await is_admitted(self.viewer, self.path, origin="https://evil.example")

    async def test_whoever_hides_where_he_comes_from_may_not(self) -> None:
        assert not await is_admitted(self.viewer, self.path, origin=None)

    async def test_an_origin_without_a_host_may_not(self) -> None:
        assert not await is_admitted(self.viewer, self.path, origin="null")

    async def test_a_page_of_the_site_that_is_set_may_behind_a_proxy(self, settings: Settings) -> None:
        settings.SITE_URL = "https://bells.example"
        assert await is_admitted(self.viewer, self.path, origin="https://bells.example")

    async def test_an_operator_of_another_project_may_not(self) -> None:
        stranger = await sync_to_async(lambda: make_operator("stranger", make_project(), Role.ADMIN))()
        assert not await is_admitted(stranger, self.path)

    async def test_a_topic_of_another_project_may_not_be_asked_for(self) -> None:
        foreign = await sync_to_async(lambda: make_broadcast(make_project()))()
        assert not await is_admitted(self.viewer, path_of(self.project, topic_of(foreign)))

    @pytest.mark.parametrize(
        "topic", ["", "broadcast:", "broadcast:x", "user:1", "broadcast:9" + "9" * 40, "*"]
    )
    async def test_a_topic_that_is_none_may_not_be_asked_for(self, topic: str) -> None:
        assert not await is_admitted(self.viewer, path_of(self.project, topic))

    async def test_nobody_listens_to_a_project_that_is_not_there(self) -> None:
        assert not await is_admitted(self.viewer, f"/ws/live/nowhere/?topic={topic_of(self.project)}")

    async def test_a_retired_operator_may_not(self) -> None:
        self.viewer.is_active = False
        await self.viewer.asave()
        assert not await is_admitted(self.viewer, self.path)


class TestWhatAPageHears:
    @pytest.fixture(autouse=True)
    def _prepared(self, committed: Project, viewer: User, hub: consumers.Hub) -> None:
        self.project, self.viewer, self.hub = committed, viewer, hub
        self.path = path_of(committed, topic_of(committed))

    async def test_it_hears_of_its_topic(self) -> None:
        async with open_page(self.viewer, self.path) as page:
            await sync_to_async(live.publish)(topic_of(self.project))
            assert await page.hears() == {"topic": topic_of(self.project)}

    async def test_it_hears_of_no_other(self) -> None:
        foreign = await sync_to_async(lambda: make_broadcast(make_project()))()
        both = path_of(self.project, topic_of(foreign), topic_of(self.project))
        async with open_page(self.viewer, both) as page:
            self.hub.deliver([topic_of(foreign), topic_of(self.project)])
            assert await page.hears() == {"topic": topic_of(self.project)}
            assert await page.receive_nothing()

    async def test_it_hears_of_twenty_topics_at_the_most(self) -> None:
        drafts = await sync_to_async(lambda: [make_broadcast(self.project) for _ in range(30)])()
        wanted = [topic_of(each) for each in drafts]
        async with open_page(self.viewer, path_of(self.project, *wanted, *["project:1"] * 970)) as page:
            self.hub.deliver(wanted)
            heard = {(await page.hears())["topic"] for _ in range(consumers.MOST_TOPICS)}
            assert heard == set(wanted[: consumers.MOST_TOPICS])
            assert await page.receive_nothing()

    async def test_what_it_says_is_ignored(self) -> None:
        async with open_page(self.viewer, self.path) as page:
            await page.send_to(text_data='{"topic": "project:999"}')
            await page.send_to(bytes_data=b"\x00")
            self.hub.deliver([topic_of(self.project)])
            assert await page.hears() == {"topic": topic_of(self.project)}

    async def test_the_hub_forgets_a_page_that_was_closed(self) -> None:
        async with open_page(self.viewer, self.path):
            assert len(self.hub.open_sockets()) == 1
        assert len(self.hub.open_sockets()) == 0

    async def test_it_is_told_again_and_again_that_the_line_lives(self) -> None:
        self.hub.stop()
        async with open_page(self.viewer, self.path) as page:
            self.hub.start(beat=0.01)
            assert [await page.hears() for _ in range(3)] == [{"beat": 0.01}] * 3


class TestWhoMustLeave:
    @pytest.fixture(autouse=True)
    async def _prepared(self, committed: Project, viewer: User, hub: consumers.Hub) -> None:
        hub.stop()
        hub.start(beat=0.02)
        self.project, self.viewer = committed, viewer
        self.path = path_of(committed, topic_of(committed))

    async def test_whoever_signed_out(self) -> None:
        assert await self.is_dismissed_after(Session.objects.all().delete)

    async def test_whose_sign_in_ran_out(self) -> None:
        assert await self.is_dismissed_after(lambda: Session.objects.update(expire_date=clock.now()))

    async def test_whoever_left_the_team(self) -> None:
        assert await self.is_dismissed_after(Membership.objects.all().delete)

    async def test_a_retired_operator(self) -> None:
        assert await self.is_dismissed_after(lambda: User.objects.update(is_active=False))

    async def test_whose_password_was_changed(self) -> None:
        assert await self.is_dismissed_after(lambda: User.objects.update(password="another"))

    async def test_nobody_else(self) -> None:
        other = await sync_to_async(make_operator)("other", self.project, Role.VIEWER)
        async with open_page(other, self.path) as stays:
            assert await self.is_dismissed_after(self.viewer.memberships.all().delete)
            assert len(consumers.hub.open_sockets()) == 1
            assert (await stays.hears()).keys() == {"beat"}

    async def is_dismissed_after(self, change: Callable[[], object]) -> bool:
        async with open_page(self.viewer, self.path) as page:
            await sync_to_async(change)()
            async with asyncio.timeout(SOON):
                while (event := await page.receive_output(SOON))["type"] == "websocket.send":
                    pass
            return event == {"type": "websocket.close", "code": consumers.FORBIDDEN}


async def test_one_person_may_not_take_every_socket(
    committed: Project, viewer: User, hub: consumers.Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "MOST_SOCKETS_EACH", 1)
    path = path_of(committed, topic_of(committed))
    other = await sync_to_async(make_operator)("other", committed, Role.VIEWER)
    async with open_page(viewer, path):
        assert not await is_admitted(viewer, path)
        assert await is_admitted(other, path)


class SlowPage:
    """A page that takes nothing off the line until it is told to."""

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.read: list[str] = []

    async def send(self, message: dict[str, Any]) -> None:
        await self.reads.wait()
        self.read.append(message["text"])


async def test_what_a_slow_page_misses_is_gathered() -> None:
    page, socket = SlowPage(), consumers.LiveConsumer()
    socket.base_send = cast(Any, page.send)
    for number in range(1_000):
        socket.tell(topic=f"broadcast:{number % 3}")
        await asyncio.sleep(0)
    page.reads.set()
    async with asyncio.timeout(SOON):
        while len(page.read) < 4:
            await asyncio.sleep(0)
    assert len(page.read) == 4  # the one that was on its way, and each topic once


async def test_a_page_that_is_gone_while_it_is_told_does_no_harm() -> None:
    async def broken(message: dict[str, Any]) -> None:
        raise OSError("gone")

    socket = consumers.LiveConsumer()
    socket.base_send = cast(Any, broken)
    socket.tell(topic="broadcast:1")
    await asyncio.sleep(0)


class TestSeveralProcesses:
    @pytest.fixture(autouse=True)
    def _prepared(
        self, committed: Project, viewer: User, scaled_hub: consumers.Hub, redis: PrivateRedis
    ) -> None:
        self.project, self.viewer, self.redis = committed, viewer, redis
        self.path = path_of(committed, topic_of(committed))
        self.topic = {"topic": topic_of(committed)}

    async def publish(self) -> None:
        await sync_to_async(live.publish)(topic_of(self.project))

    async def test_a_page_hears_what_another_process_tells(self) -> None:
        async with open_page(self.viewer, self.path) as page:
            await self.publish()
            assert await asyncio.wait_for(page.hears(), AT_MOST) == self.topic

    async def test_a_process_subscribes_once_however_many_pages_are_open(self) -> None:
        before = await sync_to_async(self.subscriptions)()
        async with AsyncExitStack() as stack:
            for _ in range(20):
                await stack.enter_async_context(open_page(self.viewer, self.path))
            assert len(consumers.hub.open_sockets()) == 20
            assert await sync_to_async(self.subscriptions)() == before
            assert len(await sync_to_async(self.redis.client.client_list)("pubsub")) == 1

    def subscriptions(self) -> set[bytes | str]:
        return set(self.redis.client.pubsub_channels())

    async def test_a_page_opens_its_socket_while_the_bus_is_away(self) -> None:
        await sync_to_async(self.redis.stop)()
        async with open_page(self.viewer, self.path):
            assert len(consumers.hub.open_sockets()) == 1
        await sync_to_async(self.redis.start)()

    async def test_every_page_looks_again_after_an_interruption(self) -> None:
        async with open_page(self.viewer, self.path) as page:
            await sync_to_async(self.redis.stop)()
            assert await page.receive_nothing(timeout=consumers.DEAF + 0.5)
            await sync_to_async(self.redis.start)()
            assert await asyncio.wait_for(page.hears(), AT_MOST) == self.topic

    async def test_what_was_told_in_a_short_interruption_is_told_again(self) -> None:
        async with open_page(self.viewer, self.path) as page:
            await sync_to_async(self.redis.client.client_kill_filter)(_type="pubsub")
            await self.publish()
            assert await asyncio.wait_for(page.hears(), AT_MOST) == self.topic
