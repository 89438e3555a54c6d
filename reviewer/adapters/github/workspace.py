"""A change out of a pull request: what GitHub lists, with the texts that are reviewed.

Four questions for a usual change: the list of files and the tree of the head side by side, the
configuration of the base (with the conversation, see `opening`), and the texts. The comparison is
GitHub's own, against the merge base of head and base branch, so that every line that is shown can
be commented. Blobs are asked for by their ids, which the list tells: no name out of a change is
part of an address, a document or a path on disk. The head of a fork is known in the repository
that it forked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from reviewer.adapters.github.addresses import path_of
from reviewer.adapters.github.configuration_files import ATTRIBUTES, read_configuration
from reviewer.adapters.github.content_reader import ContentReader
from reviewer.adapters.github.file_entry import HeadTree, read_entries, read_tree, with_tree
from reviewer.adapters.github.file_reader import judge, read_file
from reviewer.adapters.github.opening import Opening
from reviewer.adapters.github.reading import GitHubReading
from reviewer.domain.base_files import FilesAtBase
from reviewer.domain.change import Change
from reviewer.domain.classification import Classifier
from reviewer.domain.pull_request import PullRequest

#: "Responses include a maximum of 3000 files":
#: https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
MOST_FILES = 3_000


class PullRequestWorkspace:
    """Reads a change from a pull request; implements `ports.workspace.Workspace`.

    Args:
        client: Whom to ask.
        pull_request: Which pull request, at which head and base.
        opening: The first question of a run, which the code host shares; None for none.
    """

    def __init__(
        self,
        client: GitHubReading,
        pull_request: PullRequest,
        *,
        opening: Opening | None = None,
    ) -> None:
        self._client = client
        self._opening = opening
        self._request = pull_request
        self._repository = pull_request.name.repository
        self._root_attributes: str | None = None

    async def change(self, *, excluded: Sequence[str] = ()) -> Change:
        """Read the change; see `ports.workspace.Workspace.change`.

        Args:
            excluded: Globs of files that the configuration excludes; they are listed only.

        Raises:
            GitHubError: GitHub did not answer as agreed.
            MovedOnError: The head moved while the files were read.
        """
        listing, tree, root = await asyncio.gather(
            self._listing(), self._head_tree(), self._attributes_of_root()
        )
        entries = with_tree(read_entries(listing), tree)
        reader = ContentReader(self._client, self._repository, base_sha=self._request.base_sha)
        attributes = await reader.attributes(entries, tree, root)
        classifier = Classifier(attributes=attributes, excluded=tuple(excluded))
        contents = await reader.contents(
            [entry for entry in entries if judge(entry, classifier) is None]
        )
        files = await asyncio.to_thread(
            lambda: tuple(read_file(entry, contents, classifier) for entry in entries)
        )
        return Change(
            base=self._request.base_sha,
            head=self._request.head_sha,
            files=files,
            head_paths=tree.paths,
            unlisted=self._unlisted(len(entries)),
        )

    async def base_files(self, patterns: Sequence[str]) -> FilesAtBase:
        """Return text files of the base; see `ports.workspace.Workspace.base_files`.

        Args:
            patterns: Files of the root by name, or globs inside one folder.

        Raises:
            GitHubError: GitHub did not answer as agreed, or the base is not there.
        """
        # What the base says about its own files comes along: it is needed in a moment.
        found = await read_configuration(
            self._client,
            self._repository,
            self._request.base_sha,
            (*patterns, f"/{ATTRIBUTES}"),
            asked=self._opening,
        )
        self._root_attributes = found.get(ATTRIBUTES, "")
        if any(pattern.strip("/") == ATTRIBUTES for pattern in patterns):
            return found
        return FilesAtBase.of(
            {path: text for path, text in found.items() if path != ATTRIBUTES},
            [file for file in found.unread if file.path != ATTRIBUTES],
        )

    async def _listing(self) -> list[object]:
        name = self._request.name
        place = path_of("repos", self._repository.owner, self._repository.name, "pulls")
        return await self._client.pages(f"{place}/{name.number}/files", most=MOST_FILES)

    async def _head_tree(self) -> HeadTree:
        place = path_of("repos", self._repository.owner, self._repository.name, "git", "trees")
        address = f"{place}/{self._request.head_sha}"
        return read_tree(await self._client.get(address, {"recursive": 1}))

    def _unlisted(self, count: int) -> int:
        """Return how many files the pull request has that GitHub does not list."""
        total = self._request.changed_files
        if total is None:
            return 1 if count >= MOST_FILES else 0
        return max(0, total - count)

    async def _attributes_of_root(self) -> str:
        if self._root_attributes is None:
            await self.base_files(())
        return self._root_attributes or ""
