// documents.mjs owns what the clients of clients.mjs ask, where they take it as text, and how they page.
export const post = 'query Post($id: ID!) { post(id: $id) { nodeId id title likesCount isLiked author { id username } } }';
export const node = 'query Node($id: ID!) { node(id: $id) { nodeId ... on Post { id title } } }';
export const like = 'mutation Like($id: ID!) { likePost(postId: $id) { success message post { id likesCount isLiked } } }';
export const retitle = 'mutation Retitle($id: ID!, $title: String!) { updatePost(id: $id, title: $title) { post { id title } } }';
export const forward = `query Forward($userId: ID!, $after: Cursor) {
	userPostsConnection(userId: $userId, first: 3, after: $after) { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
export const backward = `query Backward($userId: ID!, $before: Cursor) {
	userPostsConnection(userId: $userId, last: 3, before: $before) { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

// What the next page is asked with; undefined after the last one.
export function next(direction, { hasNextPage, hasPreviousPage, startCursor, endCursor }) {
	if (direction === 'forward') return hasNextPage ? { after: endCursor } : undefined;
	return hasPreviousPage ? { before: startCursor } : undefined;
}
