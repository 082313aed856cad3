// graphql_sse.mjs: npm's graphql-sse in its distinct connections mode: a query, and a subscription up to one answer.
// usage: node graphql_sse.mjs URL TOKEN POST      prints a line `asked`, then {query, refused, event}
import { createClient } from 'graphql-sse';

const [url, token, post] = process.argv.slice(2);
const client = createClient({ url: `${url}/graphql/`, headers: { Authorization: `Bearer ${token}` }, retryAttempts: 5 });
const once = (query, variables) => new Promise((resolve) => {
	let last;
	client.subscribe({ query, variables }, { next: (value) => { last = value; }, error: (error) => resolve({ error: String(error) }), complete: () => resolve(last) });
});
const stop = setTimeout(() => { process.stdout.write('{"late":true}\n'); process.exit(1); }, 60000);
const told = { query: await once('query ($id: ID!) { post(id: $id) { title } }', { id: post }), refused: await once('{ nothing }') };
told.event = await new Promise((resolve) => {
	const end = client.subscribe({ query: 'subscription ($id: ID!) { postUpdated(postId: $id) { title } }', variables: { id: post } },
		{ next: (value) => { if (value.data?.postUpdated?.title !== 'for sse') { end(); resolve(value); } }, error: (error) => resolve({ error: String(error) }), complete: () => {} });
	process.stdout.write('asked\n');
});
clearTimeout(stop);
process.stdout.write(JSON.stringify(told) + '\n');
process.exit(0);
