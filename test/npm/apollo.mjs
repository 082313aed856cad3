// apollo.mjs is Apollo Client as clients.mjs wants it.
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';
import { backward, forward, like, next, node, post, retitle } from './documents.mjs';

export function open(url, headers) {
	const client = new ApolloClient({
		link: new HttpLink({ uri: url, headers }),
		cache: new InMemoryCache({ typePolicies: { Query: { fields: { userPostsConnection: relayStylePagination(['userId']) } } } }),
	});
	const subscriptions = [];
	// The data that is watched, each time that it is whole.
	const watch = (query, variables, onData) =>
		new Promise((resolve, reject) => {
			const watched = client.watchQuery({ query: gql(query), variables });
			subscriptions.push(watched.subscribe(({ data, dataState, error }) => {
				if (error) reject(error);
				if (dataState !== 'complete') return;
				onData(data);
				setTimeout(resolve, 0, watched); // what the cache learns while it tells of something it keeps to itself
			}));
		});
	const mutate = (document, variables, optimisticResponse) => client.mutate({ mutation: gql(document), variables, optimisticResponse });

	return {
		watch: (id, onPost) => watch(post, { id }, (data) => onPost(data.post)),
		like: (id, guess) => mutate(like, { id }, { likePost: { __typename: 'LikePostPayload', success: true, message: '', post: { __typename: 'Post', id, ...guess } } }),
		retitle: (id, title, guess) => mutate(retitle, { id, title }, { updatePost: { __typename: 'UpdatePostPayload', post: { __typename: 'Post', id, ...guess } } }),
		async pages(userId, direction, place) {
			const document = { forward, backward }[direction];
			const variables = { userId, ...place };
			const watched = await watch(document, variables, () => {});
			let { data } = watched.getCurrentResult();
			for (let more; (more = next(direction, data.userPostsConnection.pageInfo)); ) ({ data } = await watched.fetchMore({ variables: more }));
			return client.readQuery({ query: gql(document), variables }).userPostsConnection;
		},
		async again(id) {
			return (await client.query({ query: gql(node), variables: { id } })).data.node.title;
		},
		close() {
			for (const subscription of subscriptions) subscription.unsubscribe();
			client.stop();
		},
	};
}
