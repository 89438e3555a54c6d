"""The GraphQL documents of the code host: what REST cannot tell or do.

REST lists carry neither which threads are resolved nor which are outdated, and cannot resolve one.
Ids of comments are read from ``fullDatabaseId``: they have outgrown GraphQL's integers.
"""

from __future__ import annotations

#: Who we are, where the head is, the comments and the threads, in one query for the usual case;
#: further pages ask for what is not whole yet.
CONVERSATION = """
query Conversation(
  $owner: String!, $name: String!, $number: Int!,
  $comments: Boolean!, $commentsAfter: String, $threads: Boolean!, $threadsAfter: String
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
