// relay.mjs is Relay's runtime as clients.mjs wants it, with what relay-compiler makes of our schema. Both
// are told that a Node's id among everything is its nodeId.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildClientSchema, getIntrospectionQuery, printSchema } from 'graphql';
import runtime from 'relay-runtime';
import { next } from './documents.mjs';

const { Environment, Network, RecordSource, Store, commitMutation, createOperationDescriptor, fetchQuery } = runtime;
const source = `
graphql\`query appPostQuery($id: ID!) { post(id: $id) { nodeId id title likesCount isLiked author { id username } } }\`;
graphql\`mutation appLikeMutation($id: ID!) { likePost(postId: $id) { success message post { likesCount isLiked } } }\`;
graphql\`mutation appRetitleMutation($id: ID!, $title: String!) { updatePost(id: $id, title: $title) { post { title } } }\`;
graphql\`query appPostsQuery($userId: ID!, $first: Int, $after: Cursor, $last: Int, $before: Cursor) {
	userPostsConnection(userId: $userId, first: $first, after: $after, last: $last, before: $before) @connection(key: "App_userPostsConnection") { edges { node { id } } } }\`;
graphql\`fragment appPost on Post @refetchable(queryName: "appPostRefetchQuery") { title }\`;
`;

// The operations of the source by their names.
async function compile(schema) {
	const home = mkdtempSync(join(tmpdir(), 'relay-'));
	const config = { src: './src', schema: './schema.graphql', artifactDirectory: './made', language: 'javascript', eagerEsModules: true, schemaConfig: { nodeInterfaceIdField: 'nodeId' } };
	try {
		for (const directory of ['src', 'made']) mkdirSync(join(home, directory));
		for (const [name, text] of Object.entries({ 'schema.graphql': schema, 'src/app.js': source, 'package.json': '{ "type": "module" }', 'relay.config.json': JSON.stringify(config) })) writeFileSync(join(home, name), text);
		execFileSync(process.execPath, [new URL('./node_modules/relay-compiler/cli.js', import.meta.url).pathname], { cwd: home, stdio: ['ignore', 'pipe', 'inherit'] });
		const names = [...source.matchAll(/(?:query |mutation |queryName: ")(\w+)/g)].map((match) => match[1]);
		return Object.fromEntries(await Promise.all(names.map(async (name) => [name, (await import(join(home, `made/${name}.graphql.js`))).default])));
	} finally {
		rmSync(home, { recursive: true });
	}
}

let compiled; // once for all
export async function open(url, headers) {
	const ask = async (body) => (await fetch(url, { method: 'POST', headers: { ...headers, Accept: 'application/graphql-response+json', 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).json();
	compiled ??= await compile(printSchema(buildClientSchema((await ask({ query: getIntrospectionQuery() })).data)));
	const environment = new Environment({
		network: Network.create(({ text }, variables) => ask({ query: text, variables })),
		store: new Store(new RecordSource()),
		getDataID: ({ nodeId }) => nodeId,
	});
	const disposables = [];
	let nodeId; // of the post that is watched
	// Asks, and keeps the answer; what the store makes of it.
	const read = async (name, variables) => {
		const operation = createOperationDescriptor(compiled[name], variables);
		disposables.push(environment.retain(operation));
		await fetchQuery(environment, compiled[name], variables).toPromise();
		return environment.lookup(operation.fragment);
	};
	const mutate = (name, variables, optimisticResponse) =>
		new Promise((resolve, reject) => commitMutation(environment, {
			mutation: compiled[name], variables, optimisticResponse, onError: reject,
			onCompleted: (data, errors) => (errors ? reject(new Error(errors[0].message)) : resolve(data)),
		}));

	return {
		async watch(id, onPost) {
			const snapshot = await read('appPostQuery', { id });
			onPost(snapshot.data.post);
			({ nodeId } = snapshot.data.post);
			disposables.push(environment.subscribe(snapshot, ({ data }) => onPost(data.post)));
		},
		like: (id, guess) => mutate('appLikeMutation', { id }, { likePost: { success: true, message: '', post: { nodeId, ...guess } } }),
		retitle: (id, title, guess) => mutate('appRetitleMutation', { id, title }, { updatePost: { post: { nodeId, ...guess } } }),
		async pages(userId, direction, place) {
			const size = { forward: { first: 3 }, backward: { last: 3 } }[direction];
			let connection;
			for (let more = place; more; more = next(direction, connection.pageInfo)) connection = (await read('appPostsQuery', { userId, ...size, ...more })).data.userPostsConnection;
			return connection;
		},
		async again(id) {
			await read('appPostRefetchQuery', { nodeId: id });
			return environment.getStore().getSource().get(id).title;
		},
		close() {
			for (const disposable of disposables) disposable.dispose();
		},
	};
}
