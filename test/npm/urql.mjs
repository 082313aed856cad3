// urql.mjs is urql with its normalized cache as clients.mjs wants it.
import { Client, fetchExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { backward, forward, like, next, node, post, retitle } from './documents.mjs';

export function open(url, headers) {
	let guess; // of the mutation that is under way
	const client = new Client({
		url,
		fetchOptions: { headers },
		exchanges: [
			cacheExchange({
				keys: Object.fromEntries(['PageInfo', 'PostConnection', 'PostEdge', 'LikePostPayload', 'UpdatePostPayload'].map((name) => [name, () => null])),
				resolvers: { Query: { userPostsConnection: relayPagination() } },
				optimistic: {
					likePost: ({ postId }) => ({ __typename: 'LikePostPayload', success: true, message: '', post: { __typename: 'Post', id: postId, ...guess } }),
					updatePost: ({ id }) => ({ __typename: 'UpdatePostPayload', post: { __typename: 'Post', id, ...guess } }),
				},
			}),
			fetchExchange,
		],
	});
	const subscriptions = [];
	const settled = async (operation) => {
		const { data, error } = await operation.toPromise();
		if (error) throw error;
		return data;
	};
	const mutate = (document, variables, expected) => {
		guess = expected;
		return settled(client.mutation(document, variables));
	};

	return {
		watch: (id, onPost) =>
			new Promise((resolve, reject) => {
				subscriptions.push(client.query(post, { id }).subscribe(({ data, error }) => {
					if (error) reject(error);
					else if (data) resolve(onPost(data.post));
				}));
			}),
		like: (id, expected) => mutate(like, { id }, expected),
		retitle: (id, title, expected) => mutate(retitle, { id, title }, expected),
		async pages(userId, direction, place) {
			const document = { forward, backward }[direction];
			let connection;
			for (let more = place; more; more = next(direction, connection.pageInfo)) connection = (await settled(client.query(document, { userId, ...more }))).userPostsConnection;
			return connection;
		},
		async again(id) {
			return (await settled(client.query(node, { id }))).node.title;
		},
		close() {
			for (const subscription of subscriptions) subscription.unsubscribe();
		},
	};
}
