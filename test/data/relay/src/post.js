// What a Relay application says: a page, a fragment that can be fetched again by its node, a connection
// that it pages through, a mutation whose answer it merges by nodeId.
import { graphql } from 'react-relay';

graphql`
  query postQuery($id: ID!) {
    node(id: $id) {
      ...post_comments @alias(as: "comments")
    }
  }
`;

graphql`
  fragment post_comments on Post
  @refetchable(queryName: "postCommentsQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "Cursor" }, last: { type: "Int" }, before: { type: "Cursor" }) {
    title
    author {
      username
    }
    commentsConnection(first: $count, after: $cursor, last: $last, before: $before) @connection(key: "post_commentsConnection") {
      totalCount
      edges {
        node {
          content
        }
      }
    }
  }
`;

graphql`
  query postSearchQuery($query: String!) {
    search(query: $query) {
      __typename
      ... on User {
        username
      }
      ... on Post {
        title
      }
      ... on Node {
        nodeId
      }
    }
  }
`;

graphql`
  mutation postLikeMutation($id: ID!) {
    likePost(postId: $id) {
      success
      post {
        likesCount
      }
    }
  }
`;
