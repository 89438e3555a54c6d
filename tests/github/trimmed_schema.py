"""The part of GitHub's GraphQL schema that FakeGitHub knows, cut out of the whole.

``python -m tests.github.trimmed_schema`` writes it anew; a test holds what is written to this.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from graphql import (
    DefinitionNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    Node,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    parse,
    print_ast,
)

from tests.guards import ROOT

WHOLE = Path(__file__).with_name("schema.graphql.gz")
TRIMMED = ROOT / "reviewer" / "testing" / "fake_github" / "schema.graphql"

HEADER = """\
# A part of GitHub's public GraphQL schema, as published in https://github.com/octokit/graphql-schema
# Written by tests/github/trimmed_schema.py; descriptions and directives are left out.
#
# MIT License. Copyright (c) 2017 Gregor Martynus. Permission is hereby granted, free of charge, to
# any person obtaining a copy of this software and associated documentation files (the "Software"),
# to deal in the Software without restriction, including without limitation the rights to use, copy,
# modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
# persons to whom the Software is furnished to do so, subject to the following conditions: the above
# copyright notice and this permission notice shall be included in all copies or substantial
# portions of the Software. The Software is provided "as is", without warranty of any kind.

"""

_PAGES = "nodes pageInfo totalCount"
_ACCOUNT = "databaseId id login url"
#: Types with the fields that are kept; an empty text keeps all of them.
KEPT: Mapping[str, str] = {
    "Actor": "login url",
    "AddPullRequestReviewThreadInput": "",
    "AddPullRequestReviewThreadPayload": "clientMutationId thread",
    "AddPullRequestReviewThreadReplyInput": "",
    "AddPullRequestReviewThreadReplyPayload": "clientMutationId comment",
    "AddReactionInput": "",
    "AddReactionPayload": "clientMutationId reaction subject",
    "BigInt": "",
    "Blob": "abbreviatedOid byteSize id isBinary isTruncated oid text",
    "Bot": _ACCOUNT,
    "Commit": "abbreviatedOid committedDate id message oid tree",
    "CommentAuthorAssociation": "",
    "DateTime": "",
    "DeletePullRequestReviewInput": "",
    "DeletePullRequestReviewPayload": "clientMutationId pullRequestReview",
    "DiffSide": "",
    "GitObject": "abbreviatedOid id oid",
    "GitObjectID": "",
    "IssueComment": "author authorAssociation body createdAt databaseId fullDatabaseId id "
    "isMinimized lastEditedAt minimizedReason reactionGroups reactions updatedAt url "
    "viewerCanMinimize viewerCanUpdate viewerDidAuthor",
    "IssueCommentConnection": _PAGES,
    "IssueCommentOrder": "",
    "IssueCommentOrderField": "",
    "Label": "id name",
    "LabelConnection": _PAGES,
    "LabelOrder": "",
    "LabelOrderField": "",
    "Mannequin": _ACCOUNT,
    "MinimizeCommentInput": "",
    "MinimizeCommentPayload": "clientMutationId minimizedComment",
    "Minimizable": "isMinimized minimizedReason viewerCanMinimize",
    "Mutation": "addPullRequestReviewThread addPullRequestReviewThreadReply addReaction "
    "deletePullRequestReview minimizeComment resolveReviewThread unminimizeComment "
    "unresolveReviewThread updateIssueComment updatePullRequestReviewComment",
    "Node": "id",
    "OrderDirection": "",
    "Organization": _ACCOUNT,
    "PageInfo": "",
    "PatchStatus": "",
    "PullRequest": "additions author authorAssociation baseRefName baseRefOid body changedFiles "
    "closed comments createdAt databaseId deletions files fullDatabaseId headRefName headRefOid "
    "headRepository headRepositoryOwner id isCrossRepository isDraft labels locked merged number "
    "repository reviewThreads reviews state title updatedAt url viewerDidAuthor",
    "PullRequestChangedFile": "additions changeType deletions path",
    "PullRequestChangedFileConnection": _PAGES,
    "PullRequestReview": "author authorAssociation body commit createdAt databaseId "
    "fullDatabaseId id state submittedAt url viewerDidAuthor",
    "PullRequestReviewComment": "author authorAssociation body createdAt databaseId diffHunk "
    "fullDatabaseId id isMinimized line minimizedReason originalLine originalStartLine outdated "
    "path position pullRequestReview reactionGroups reactions replyTo startLine state "
    "subjectType updatedAt url viewerCanMinimize viewerCanUpdate viewerDidAuthor",
    "PullRequestReviewCommentConnection": _PAGES,
    "PullRequestReviewCommentState": "",
    "PullRequestReviewConnection": _PAGES,
    "PullRequestReviewState": "",
    "PullRequestReviewThread": "comments diffSide id isCollapsed isOutdated isResolved line "
    "originalLine originalStartLine path pullRequest repository resolvedBy startDiffSide "
    "startLine subjectType viewerCanReply viewerCanResolve viewerCanUnresolve",
    "PullRequestReviewThreadConnection": _PAGES,
    "PullRequestReviewThreadSubjectType": "",
    "PullRequestState": "",
    "Query": "node nodes rateLimit repository viewer",
    "RateLimit": "",
    "Reactable": "databaseId id reactionGroups reactions viewerCanReact",
    "Reaction": "content createdAt databaseId id user",
    "ReactionConnection": f"{_PAGES} viewerHasReacted",
    "ReactionContent": "",
    "ReactionGroup": "content createdAt viewerHasReacted",
    "ReactionOrder": "",
    "ReactionOrderField": "",
    "ReportedContentClassifiers": "",
    "Repository": "databaseId id isFork isPrivate name nameWithOwner object owner pullRequest url "
    "viewerPermission",
    "RepositoryOwner": "id login url",
    "RepositoryPermission": "",
    "ResolveReviewThreadInput": "",
    "ResolveReviewThreadPayload": "clientMutationId thread",
    "Tree": "abbreviatedOid entries id oid",
    "TreeEntry": "mode name object oid path size type",
    "URI": "",
    "UnminimizeCommentInput": "",
    "UnminimizeCommentPayload": "clientMutationId unminimizedComment",
    "UnresolveReviewThreadInput": "",
    "UnresolveReviewThreadPayload": "clientMutationId thread",
    "UpdateIssueCommentInput": "",
    "UpdateIssueCommentPayload": "clientMutationId issueComment",
    "UpdatePullRequestReviewCommentInput": "",
    "UpdatePullRequestReviewCommentPayload": "clientMutationId pullRequestReviewComment",
    "User": _ACCOUNT,
}
_PLAIN = {"Boolean", "Float", "ID", "Int", "String"}
_KIND = re.compile(r"^(?:type|interface|union|enum|input|scalar) (\w+)", re.MULTILINE)


def whole_schema() -> str:
    """Return GitHub's whole schema."""
    return gzip.decompress(WHOLE.read_bytes()).decode()


def trimmed_schema() -> str:
    """Return the part of it that is kept."""
    definitions = parse("\n".join(_blocks(whole_schema())), no_location=True).definitions
    return HEADER + "\n\n".join(print_ast(_trimmed(node)) for node in definitions) + "\n"


def _blocks(text: str) -> Iterator[str]:
    """Yield the kept definitions: reading all 64,000 lines as GraphQL takes many seconds."""
    for match in _KIND.finditer(text):
        if match[1] in KEPT:
            end = text.find("\n}\n", match.start())
            scalar = match[0].startswith(("scalar", "union"))
            yield text[match.start() : text.index("\n\n", match.start()) if scalar else end + 2]


def _named(node: TypeNode) -> str:
    while not hasattr(node, "name"):
        node = node.type  # type: ignore[attr-defined]  # a list or a non-null of something
    return str(node.name.value)


def _known(node: TypeNode) -> bool:
    return _named(node) in KEPT or _named(node) in _PLAIN


def _bare(node: Node, **changes: object) -> Node:
    """Return a copy without description and directives."""
    values = {key: getattr(node, key, None) for key in node.keys}
    values |= {"description": None, "directives": (), **changes}
    return type(node)(**values)


def _trimmed(node: DefinitionNode) -> Node:
    if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        # A query is a node only for clients that need the root to be one.
        wanted = KEPT[node.name.value].split()
        interfaces = tuple(
            i for i in node.interfaces or () if i.name.value in KEPT and node.name.value != "Query"
        )
        for interface in interfaces if wanted else ():
            wanted += KEPT[interface.name.value].split()
        fields = tuple(_field(field) for field in node.fields or () if _is_kept(wanted, field))
        return _bare(node, fields=fields, interfaces=interfaces)
    if isinstance(node, InputObjectTypeDefinitionNode):
        return _bare(node, fields=tuple(_bare(f) for f in node.fields or () if _is_taken(f)))
    if isinstance(node, EnumTypeDefinitionNode):
        return _bare(node, values=tuple(_bare(value) for value in node.values or ()))
    if isinstance(node, ScalarTypeDefinitionNode | UnionTypeDefinitionNode):
        return _bare(node)
    raise TypeError(type(node).__name__)


def _is_kept(wanted: Sequence[str], field: FieldDefinitionNode) -> bool:
    return _known(field.type) and (not wanted or field.name.value in wanted)


def _is_taken(value: InputValueDefinitionNode) -> bool:
    """Tell whether an argument is kept: what must be given cannot be left out."""
    if isinstance(value.type, NonNullTypeNode) and not _known(value.type):
        raise ValueError(f"{_named(value.type)} is needed and not kept")
    return _known(value.type)


def _field(field: FieldDefinitionNode) -> Node:
    arguments = tuple(_bare(a) for a in field.arguments or () if _is_taken(a))
    return _bare(field, arguments=arguments)


if __name__ == "__main__":
    TRIMMED.write_text(trimmed_schema(), encoding="utf-8")
