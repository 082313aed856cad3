// graphql_ws.mjs: the protocol's own client, npm's graphql-ws: a query, a mutation, a subscription up to so many
// answers, which goes on by itself when the socket ends in between; what is refused, and what ends a client.
// usage: node graphql_ws.mjs URL TOKEN POST COUNT      prints a line `live`, then {query, mutation, refused, events, ...}
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, token, post, count] = process.argv.slice(2);
const address = url.replace(/^http/, 'ws') + '/graphql/';
const told = { query: null, mutation: null, refused: null, ids: [], titles: [], events: [], connected: 0, closes: [], badToken: null };
let lastEventId = null;
const client = createClient({
	url: address,
	webSocketImpl: WebSocket,
	connectionParams: () => ({ Authorization: `Bearer ${token}` }),
	retryAttempts: 100,
	retryWait: () => new Promise((resolve) => setTimeout(resolve, 100)),
	shouldRetry: () => true,
	on: {
		connected: () => { told.connected++; },
		closed: (event) => { told.closes.push(event.code); },
		ping: (received, payload) => { if (received && payload?.subscribed) process.stdout.write('live\n'); },
	},
});
const once = (query, variables) => new Promise((resolve) => {
	let last;
	client.subscribe({ query, variables }, { next: (value) => { last = value; }, error: (error) => resolve({ error }), complete: () => resolve(last) });
});
const stop = setTimeout(() => { process.stdout.write(JSON.stringify({ ...told, late: true }) + '\n'); process.exit(1); }, 120000);

const query = 'subscription ($id: ID!) { postUpdated(postId: $id) { id title } }';
const finished = new Promise((resolve) => {
	// The payload is written anew for each connection, so that the client comes back with what it has seen last.
	const payload = { query, variables: { id: post }, get extensions() { return lastEventId ? { lastEventId } : undefined; } };
	const end = client.subscribe(payload, {
		next: (value) => {
			lastEventId = value.extensions.eventId;
			told.ids.push(lastEventId);
			told.titles.push(value.data.postUpdated.title);
			if (told.titles.at(-1) === `last ${count}`) { end(); resolve(); }
		},
		error: (error) => { told.error = error; resolve(); },
		complete: () => {},
	});
});
told.query = await once('query ($id: ID!) { post(id: $id) { title } }', { id: post });
told.mutation = await once('mutation { createPost(title: "by graphql-ws", content: "text") { success } }');
told.refused = await once('{ nothing }');
process.stdout.write('asked\n');
await finished;
await client.dispose();
const bad = createClient({ url: address, webSocketImpl: WebSocket, connectionParams: { Authorization: 'Bearer nonsense' }, retryAttempts: 0 });
told.badToken = await new Promise((resolve) => bad.subscribe({ query: '{ __typename }' }, { next: resolve, error: (error) => resolve(error.code), complete: () => resolve('complete') }));
clearTimeout(stop);
process.stdout.write(JSON.stringify(told) + '\n');
process.exit(0);
