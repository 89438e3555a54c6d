"""The GraphQL documents of the code host: what REST cannot tell or do.

REST lists carry neither which threads are resolved nor which are outdated, and cannot resolve one.
Ids of comments are read from ``fullDatabaseId``: they have outgrown GraphQL's integers.
"""

from __future__ import annotations

from collections.abc import Mapping

from reviewer.domain.pull_request import PullRequestName

#: Who we are, where the head is, the comments and the threads, in one query for the usual case;
#: further pages ask for what is not whole yet.
_CONVERSATION = """
query Conversation(
  $owner: String!, $name: String!, $number: Int!,
  $comments: Boolean!, $commentsAfter: String, $threads: Boolean!, $threadsAfter: String
  %(declared)s
) {
  viewer { login databaseId }
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      headRefOid
      comments(first: 100, after: $commentsAfter) @include(if: $comments) {
        pageInfo { hasNextPage endCursor }
        nodes { fullDatabaseId body createdAt viewerDidAuthor author { ...Who } ...Seen }
      }
      reviewThreads(first: 100, after: $threadsAfter) @include(if: $threads) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id path line diffSide isResolved isOutdated viewerCanResolve
          resolvedBy { login databaseId }
          comments(first: 50) {
            nodes { fullDatabaseId body state createdAt viewerDidAuthor author { ...Who } ...Seen }
          }
        }
      }
    }
  }
  %(besides)s
}
fragment Seen on Reactable {
  reactionGroups { content viewerHasReacted }
}
fragment Who on Actor {
  __typename
  login
  ... on Bot { databaseId }
  ... on Mannequin { databaseId }
  ... on Organization { databaseId }
  ... on User { databaseId }
}
"""

RESOLVE = """
mutation Resolve($thread: ID!) {
  resolveReviewThread(input: {threadId: $thread}) { thread { id isResolved } }
}
"""


def conversation_document(*, declared: str = "", besides: str = "") -> str:
    """Return the question for one page of the conversation.

    Args:
        declared: Declarations of further variables.
        besides: Further fields of the answer; both are ours, and hold no value of the change.
    """
    return _CONVERSATION % {"declared": declared, "besides": besides}


def conversation_variables(
    name: PullRequestName, comments_after: str | None = None, threads_after: str | None = None
) -> Mapping[str, object]:
    """Return the variables of that question.

    Args:
        name: Which pull request.
        comments_after: Where the comments go on; None for both is the first page.
        threads_after: Where the threads go on.
    """
    first = comments_after is None and threads_after is None
    return {
        "owner": name.repository.owner,
        "name": name.repository.name,
        "number": name.number,
        "comments": first or comments_after is not None,
        "commentsAfter": comments_after,
        "threads": first or threads_after is not None,
        "threadsAfter": threads_after,
    }
