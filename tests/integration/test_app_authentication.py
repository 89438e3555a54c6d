"""A GitHub App against FakeGitHub: tokens that reach one repository, kept while they live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("github")

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from reviewer.adapters.github.addresses import GitHubAddresses
from reviewer.adapters.github.app_credentials import AppCredentials
from reviewer.adapters.github.app_deliveries import GitHubAppDeliveries
from reviewer.adapters.github.installation_tokens import InstallationTokens
from reviewer.adapters.github.installed_hosts import GitHubInstalledHosts
from reviewer.domain.pull_request import PullRequestName
from reviewer.errors import UserError
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_github import FakeGitHub, FakePullRequest
from reviewer.testing.fake_github.rest_app import APP_ID
from tests.integration.scripted_github import Told, scripted_github

pytestmark = pytest.mark.loopback


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = _pem(KEY)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """An App that is installed for one owner with two repositories."""

    hub: FakeGitHub
    pull: FakePullRequest
    other: FakePullRequest
    installation: int
    clock: FakeClock
    tokens: InstallationTokens
    hosts: GitHubInstalledHosts
    addresses: GitHubAddresses

    @property
    def minted(self) -> int:
        return sum(e.path.endswith("/access_tokens") for e in self.hub.journal)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    hub = FakeGitHub(tmp_path / "hub")
    pulls = []
    for name in ("octo/shop", "octo/till"):
        repository = hub.repository(name, files={"app.py": "a = 1\n"})
        pulls.append(
            repository.open_pull(
                branch="feature", files={"app.py": "a = 2\n"}, title="Two", body="", author="alice"
            )
        )
    clock = FakeClock(datetime.now(UTC))
    hub.wall_clock = lambda: clock.now().timestamp()
    with hub.serve() as url:
        addresses = GitHubAddresses.of(api_url=url, graphql_url=f"{url}/graphql", server_url=url)
        tokens = InstallationTokens(
            AppCredentials(app_id="1", private_key=PEM), addresses, clock=clock
        )
        yield Scene(
            hub=hub,
            pull=pulls[0],
            other=pulls[1],
            installation=hub.install("octo"),
            clock=clock,
            tokens=tokens,
            hosts=GitHubInstalledHosts(tokens, addresses, clock=clock),
            addresses=addresses,
        )


def _repository_id(pull: FakePullRequest) -> int:
    return pull.repository.id


@pytest.mark.holds("S17")
async def test_a_pull_request_is_opened_with_a_token_of_its_own(scene: Scene) -> None:
    name = PullRequestName.parse(str(scene.pull.name))
    async with scene.hosts.on(scene.installation, _repository_id(scene.pull), name) as hosted:
        pull_request = await hosted.host.pull_request()
    assert pull_request.head_sha == scene.pull.head_sha
    asked = next(e for e in scene.hub.journal if e.path.endswith("/access_tokens"))
    assert asked.request == {
        "repository_ids": [_repository_id(scene.pull)],
        "permissions": {
            "checks": "write",
            "contents": "read",
            "metadata": "read",
            "pull_requests": "write",
        },
    }


@pytest.mark.holds("S3", "S17", "S20")
async def test_the_token_reaches_no_other_repository(scene: Scene) -> None:
    elsewhere = PullRequestName.parse(str(scene.other.name))
    shop = _repository_id(scene.pull)
    async with scene.hosts.on(scene.installation, shop, elsewhere) as hosted:
        with pytest.raises(CodeHostError):
            await hosted.host.pull_request()


async def test_runs_that_begin_at_once_share_one_token(scene: Scene) -> None:
    shop = _repository_id(scene.pull)
    given = await asyncio.gather(*(scene.tokens.token(scene.installation, shop) for _ in range(9)))
    assert (len(set(given)), scene.minted) == (1, 1)


async def test_a_token_that_ends_soon_is_not_begun_with(scene: Scene) -> None:
    shop = _repository_id(scene.pull)
    first = await scene.tokens.token(scene.installation, shop)
    scene.clock.advance(44 * 60)
    assert await scene.tokens.token(scene.installation, shop) == first
    scene.clock.advance(2 * 60)
    assert await scene.tokens.token(scene.installation, shop) != first


@pytest.mark.holds("P17")
async def test_a_token_that_is_taken_back_in_the_middle_of_a_run_is_replaced(scene: Scene) -> None:
    name, shop = PullRequestName.parse(str(scene.pull.name)), _repository_id(scene.pull)
    async with scene.hosts.on(scene.installation, shop, name) as hosted:
        await hosted.host.pull_request()
        _expire_all(scene)
        reads = (hosted.host.pull_request() for _ in range(6))
        assert {read.head_sha for read in await asyncio.gather(*reads)} == {scene.pull.head_sha}
        _expire_all(scene)
        await hosted.host.post_comment("written once")
    assert [comment.body for comment in scene.pull.comments] == ["written once"]
    async with scene.hosts.on(scene.installation, shop, name) as hosted:
        await hosted.host.pull_request()
    assert scene.minted == 3


async def test_a_host_that_takes_no_token_is_asked_a_few_times_and_never_for_ever(
    scene: Scene,
) -> None:
    name, shop = PullRequestName.parse(str(scene.pull.name)), _repository_id(scene.pull)
    scene.hub.fault("GET", "/repos/.*", status=401, body={"message": "No"}, times=None)
    async with scene.hosts.on(scene.installation, shop, name) as hosted:
        for _ in range(9):
            with pytest.raises(CodeHostError):
                await hosted.host.pull_request()
        with pytest.raises(CodeHostError) as refused:
            await hosted.host.pull_request()
    assert refused.value.refusal is Refusal.UNAUTHORIZED
    assert scene.minted == 4


def _expire_all(scene: Scene) -> None:
    for token in scene.hub.tokens.values():
        token.expired = True


async def test_an_installation_that_is_gone_gives_no_token(scene: Scene) -> None:
    with pytest.raises(CodeHostError) as refused:
        await scene.tokens.token(999_999, _repository_id(scene.pull))
    assert refused.value.refusal is Refusal.NOT_FOUND


async def test_a_permission_that_was_not_granted_is_named(scene: Scene) -> None:
    installation = scene.hub.install("octo", permissions={"contents": "read"})
    with pytest.raises(CodeHostError, match="permissions requested are not granted"):
        await scene.tokens.token(installation, _repository_id(scene.pull))


def _attempt(number: int, *, status: int = 200, minute: int = 0) -> dict[str, object]:
    return {
        "id": number,
        "guid": f"delivery-{number}",
        "delivered_at": f"2026-11-20T08:{minute:02}:00Z",
        "redelivery": False,
        "duration": 0.1,
        "status": "OK",
        "status_code": status,
        "event": "pull_request",
        "action": "opened",
        "installation_id": 1,
        "repository_id": 2,
    }


async def test_deliveries_are_read_by_cursor_until_they_are_old_enough() -> None:
    async with scripted_github() as server:
        addresses = GitHubAddresses.of(api_url=server.url)
        tokens = InstallationTokens(
            AppCredentials(app_id="1", private_key=PEM), addresses, clock=FakeClock()
        )
        following = f'<{server.url}/app/hook/deliveries?per_page=100&cursor=v1_2%2B3>; rel="next"'
        server.script += [
            Told(body=[_attempt(3, minute=30), _attempt(2, status=502, minute=20)]),
            Told(body=[_attempt(1, minute=10), _attempt(0, minute=1)]),
        ]
        server.script[0] = Told(body=server.script[0].body, headers={"Link": following})
        found = await GitHubAppDeliveries(tokens).since(datetime(2026, 11, 20, 8, 5, tzinfo=UTC))
        assert [(each.id, each.arrived) for each in found] == [(3, True), (2, False), (1, True)]
        assert [request.path for request in server.requests] == [
            "/app/hook/deliveries?per_page=100",
            "/app/hook/deliveries?cursor=v1_2%2B3&per_page=100",
        ]


async def test_a_delivery_is_sent_again_by_the_number_of_its_attempt() -> None:
    async with scripted_github() as server:
        addresses = GitHubAddresses.of(api_url=server.url)
        tokens = InstallationTokens(
            AppCredentials(app_id="1", private_key=PEM), addresses, clock=FakeClock()
        )
        server.script.append(Told(status=202))
        await GitHubAppDeliveries(tokens).send_again(7)
        assert [(each.method, each.path) for each in server.requests] == [
            ("POST", "/app/hook/deliveries/7/attempts")
        ]


@pytest.mark.holds("S17")
def test_the_app_s_token_lives_for_minutes_and_says_who_it_is() -> None:
    now = datetime.now(UTC)
    token = AppCredentials(app_id="1", private_key=PEM).token(now)
    claims = jwt.decode(token, KEY.public_key(), algorithms=["RS256"])
    assert claims["iss"] == "1"
    assert claims["exp"] - now.timestamp() <= 600
    assert claims["iat"] <= now.timestamp()


def test_a_key_with_line_ends_written_out_is_read() -> None:
    AppCredentials(app_id="1", private_key=PEM.replace("\n", "\\n"))


@pytest.mark.holds("S17")
@pytest.mark.parametrize(
    "key",
    [
        "",
        "no key at all",
        PEM[:200],
        _pem(ec.generate_private_key(ec.SECP256R1())),
        _pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),  # noqa: S505 - refused
    ],
    ids=["empty", "text", "cut off", "another kind", "too short"],
)
def test_what_is_no_private_key_is_refused_without_being_quoted(key: str) -> None:
    with pytest.raises(UserError) as refused:
        AppCredentials(app_id="1", private_key=key)
    assert not any(line in str(refused.value) for line in key.splitlines() if line)


def test_what_is_no_number_of_an_app_is_refused() -> None:
    with pytest.raises(UserError, match="neither the number of an App nor its client id"):
        AppCredentials(app_id="1; drop", private_key=PEM)


@pytest.mark.parametrize("app_id", ["1", "Iv23liExampleExample1"], ids=["number", "client id"])
async def test_the_app_s_number_is_known_whichever_of_its_two_names_is_set(
    scene: Scene, app_id: str
) -> None:
    credentials = AppCredentials(app_id=app_id, private_key=PEM)
    tokens = InstallationTokens(credentials, scene.addresses, clock=scene.clock)
    assert [await tokens.app_id() for _ in range(3)] == [APP_ID] * 3
    asked = [exchange.path for exchange in scene.hub.journal if exchange.path == "/app"]
    assert len(asked) == (0 if app_id == "1" else 1)
    assert await tokens.token(scene.installation, _repository_id(scene.pull))


def test_a_client_id_of_the_older_form_is_taken() -> None:
    credentials = AppCredentials(app_id="Iv1.8a61f9b3a7aba766", private_key=PEM)
    assert credentials.number is None


async def test_a_host_that_tells_no_number_is_an_error(scene: Scene) -> None:
    credentials = AppCredentials(app_id="Iv23liExampleExample1", private_key=PEM)
    tokens = InstallationTokens(credentials, scene.addresses, clock=scene.clock)
    scene.hub.fault("GET", "/app", status=200, body={"slug": "us"})
    with pytest.raises(CodeHostError, match="does not tell the App's number"):
        await tokens.app_id()


@pytest.mark.holds("S17")
def test_nothing_shows_the_key_or_a_token(scene: Scene) -> None:
    credentials = AppCredentials(app_id="1", private_key=PEM)
    assert "PRIVATE" not in repr(credentials) + repr(scene.tokens) + repr(scene.hosts)
