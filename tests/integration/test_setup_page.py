"""Registering the App, against a stand-in for GitHub that answers as its documentation says.

https://docs.github.com/en/rest/apps/apps#create-a-github-app-from-a-manifest; never tried live.
"""

from __future__ import annotations

import asyncio
import json
import re
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import httpx
import pytest

pytest.importorskip("fastapi")

from reviewer.bootstrap.registration import registration
from reviewer.domain.registered_app import RegisteredApp
from reviewer.entrypoints.server.setup import run_setup
from reviewer.errors import CommunicationError, ReviewerError, UserError
from reviewer.server_settings import load_server_settings
from tests.e2e.service_scene import private_key
from tests.integration.scripted_github import ScriptedGitHub, Told, scripted_github

pytestmark = pytest.mark.loopback

URL = "https://reviewer.example.com"
CODE = "a180b1a3d263c81bc6441d7b990bae27d4c10679"
SECRET = "e340154128314309424b7c8e90325147d99fdafa"
KEY = private_key()


@dataclass(kw_only=True)
class Setup:
    """A setup under way.

    Args:
        github: The stand-in.
        file: Where the settings are to stand.
        begin: What a person opens.
        browser: Who opens it.
        ending: How it ends.
    """

    github: ScriptedGitHub
    file: Path
    begin: str
    browser: httpx.AsyncClient
    ending: asyncio.Future[RegisteredApp]

    @property
    def callback(self) -> str:
        return f"{self.begin.split('/begin/')[0]}/callback"

    async def form(self) -> tuple[str, dict[str, object], str]:
        """Open the page; return where it posts to, the manifest and the state."""
        page = await self.browser.get(self.begin)
        assert page.status_code == 200
        (target,) = re.findall(r'action="([^"]+)"', page.text)
        (manifest,) = re.findall(r'name="manifest" value="([^"]+)"', page.text)
        where, state = unescape(target).split("?state=")
        return where, json.loads(unescape(manifest)), state

    def answer(self, *, status: int = 201, **changes: object) -> None:
        """Let GitHub answer with an App."""
        app: dict[str, object] = {
            "id": 4711,
            "slug": "persona-reviewer",
            "node_id": "MDxOkludGVncmF0aW9uMQ==",
            "owner": {"login": "octo", "id": 1},
            "name": "persona-reviewer",
            "external_url": URL,
            "html_url": f"{self.github.url}/apps/persona-reviewer",
            "client_id": "Iv1.8a61f9b3a7aba766",
            "client_secret": "1726be1638095a19edd134c77bde3aa2ece1e5d8",
            "webhook_secret": SECRET,
            "pem": KEY,
            **changes,
        }
        self.github.script.append(Told(status=status, body=app))


@asynccontextmanager
async def _under_way(
    folder: Path, *, seconds: float = 20.0, organization: str = ""
) -> AsyncIterator[Setup]:
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[str] = loop.create_future()

    async with scripted_github() as github, httpx.AsyncClient(trust_env=False) as browser:

        def told(address: str) -> None:
            loop.call_soon_threadsafe(opened.set_result, address)

        def run() -> RegisteredApp:
            with registration(
                url=URL,
                name="persona-reviewer",
                organization=organization,
                github=github.url,
                folder=folder,
            ) as prepared:
                return run_setup(
                    prepared,
                    port=0,
                    told=told,
                    seconds=seconds,
                )

        ending = asyncio.ensure_future(asyncio.to_thread(run))
        begin = await asyncio.wait_for(opened, 10)
        yield Setup(
            github=github, file=folder / "app.toml", begin=begin, browser=browser, ending=ending
        )
        await asyncio.wait({ending}, timeout=30)
        if ending.done() and not isinstance(ending.exception(), ReviewerError | None):
            ending.result()


async def test_an_app_is_registered_and_its_file_is_what_the_service_reads(
    tmp_path: Path,
) -> None:
    async with _under_way(tmp_path) as setup:
        where, manifest, state = await setup.form()
        assert where == f"{setup.github.url}/settings/apps/new"
        assert manifest["redirect_url"] == setup.callback
        assert manifest["hook_attributes"] == {"url": f"{URL}/webhooks/github", "active": True}
        setup.answer()
        done = await setup.browser.get(setup.callback, params={"code": CODE, "state": state})
        assert done.status_code == 200
        assert f"{setup.github.url}/apps/persona-reviewer/installations/new" in done.text
        assert not any(secret in done.text for secret in (SECRET, "PRIVATE KEY", CODE))
        app = await setup.ending
    (asked,) = setup.github.requests
    assert (asked.method, asked.path) == (
        "POST",
        f"/api/v3/app-manifests/{CODE}/conversions",
    )
    assert "authorization" not in asked.headers
    assert stat.S_IMODE(setup.file.stat().st_mode) == 0o600
    assert SECRET not in repr(app)
    assert "PRIVATE" not in repr(app)
    settings = load_server_settings(setup.file)
    assert (settings.app_id, settings.public_url) == ("4711", URL)
    assert settings.private_key.get_secret_value() == KEY
    assert settings.webhook_secrets == (SECRET,)
    assert settings.github_api_url == f"{setup.github.url}/api/v3"


async def test_the_app_of_an_organisation_is_begun_on_its_page(tmp_path: Path) -> None:
    async with _under_way(tmp_path, seconds=1, organization="octo org") as setup:
        where, _, _ = await setup.form()
        assert where == f"{setup.github.url}/organizations/octo%20org/settings/apps/new"


@pytest.mark.holds("S17")
async def test_an_answer_that_was_not_asked_for_changes_nothing(tmp_path: Path) -> None:
    async with _under_way(tmp_path, seconds=3) as setup:
        _, _, state = await setup.form()
        asks = [
            (f"code={CODE}", 403),
            (f"code={CODE}&state=another", 403),
            (f"code={CODE}&state={state}&state={state}", 403),
            (f"state={state}", 400),
            (f"state={state}&code=..%2F..%2Fuser", 400),
            (f"state={state}&code=short", 400),
        ]
        for query, status in asks:
            answer = await setup.browser.get(f"{setup.callback}?{query}")
            assert answer.status_code == status
        assert (await setup.browser.get(f"{setup.begin}x")).status_code == 404
        stranger = await setup.browser.get(setup.begin, headers={"Host": "evil.example.com"})
        assert stranger.status_code == 400
        assert setup.github.requests == []
        assert setup.file.read_text() == ""
    with pytest.raises(UserError, match="not registered within"):
        await setup.ending
    assert not setup.file.exists()


async def test_a_page_is_kept_and_framed_by_nobody_and_tells_its_address_to_nobody(
    tmp_path: Path,
) -> None:
    async with _under_way(tmp_path, seconds=1) as setup:
        headers = (await setup.browser.get(setup.begin)).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert setup.begin.startswith("http://127.0.0.1:")


@pytest.mark.holds("S17")
@pytest.mark.parametrize(
    ("status", "changes"),
    [
        (404, {}),
        (302, {}),
        (201, {"webhook_secret": None}),
        (201, {"pem": "no key"}),
        (201, {"id": "x"}),
        (201, {"html_url": "https://evil.example.com/apps/persona-reviewer"}),
    ],
)
async def test_an_answer_that_is_no_app_ends_it_without_a_file_and_without_its_words(
    tmp_path: Path, status: int, changes: dict[str, object]
) -> None:
    async with _under_way(tmp_path) as setup:
        _, _, state = await setup.form()
        setup.answer(status=status, **changes)
        answer = await setup.browser.get(setup.callback, params={"code": CODE, "state": state})
        assert answer.status_code == 502
    with pytest.raises(CommunicationError) as caught:
        await setup.ending
    told = str(caught.value) + answer.text
    assert not any(secret in told for secret in (CODE, SECRET, "PRIVATE KEY"))
    assert not setup.file.exists()
    assert len(setup.github.requests) == 1


async def test_an_app_that_stands_there_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "app.toml"
    file.write_text("app_id = '1'\n")
    with (
        pytest.raises(UserError, match="is there already"),
        registration(url=URL, name="x", organization="", github="", folder=tmp_path),
    ):
        pytest.fail("it was taken")
    assert file.read_text() == "app_id = '1'\n"


@pytest.mark.holds("S17")
@pytest.mark.parametrize("github", ["http://github.example.com", "https://user:x@github.com"])
def test_no_code_leaves_without_encryption(tmp_path: Path, github: str) -> None:
    with (
        pytest.raises(UserError),
        registration(url=URL, name="x", organization="", github=github, folder=tmp_path),
    ):
        pytest.fail("it was taken")
    assert list(tmp_path.iterdir()) == []
