// clients.mjs has a client of GraphQL do what an application does: read with variables, write with
// an optimistic guess that the answer corrects, one that is taken back because the server refuses, and
// page through a connection forward and back, all of it out of the client's own cache.
// usage: node clients.mjs apollo|urql|relay URL TOKEN USER_ID POST_ID      prints one JSON object
//
// A client is a module here that exports open(url, headers), an object of
//   watch(postId, onPost)      calls onPost with the post as the cache has it, whenever that changes;
//                              resolves once it is there
//   like(postId, guess)        the mutation, with the post that is expected
//   retitle(postId, title, guess)   likewise; rejects when it is refused
//   pages(userId, direction, place)   all pages of the user's posts from there on, 3 at a time, as one
//                              connection, as the cache has it then
//   again(nodeId)              the title of a post, by its id among everything
//   close()
const [name, url, token, userId, postId] = process.argv.slice(2);
const { open } = await import(`./${name}.mjs`);
let requests = 0;
const { fetch } = globalThis;
globalThis.fetch = (...args) => {
	requests++;
	return fetch(...args);
};
const client = await open(url, { Authorization: `Bearer ${token}` });
const states = [];
let nodeId;
await client.watch(postId, ({ title, likesCount, isLiked, author, ...post }) => {
	({ nodeId } = post);
	const state = `${title} by ${author.username}: ${likesCount} ${isLiked}`;
	if (states.at(-1) !== state) states.push(state);
});
await client.like(postId, { likesCount: 41, isLiked: true });
const refusal = await client.retitle(postId, '', { title: 'guessed' }).then(() => 'none', (error) => error.message);
await client.retitle(postId, 'last', { title: 'guessed again' });
await client.close();

// All of it, and what is before its last one; each time by a client with nothing in its cache.
const pages = {};
let place = {};
for (const direction of ['forward', 'backward']) {
	const another = await open(url, { Authorization: `Bearer ${token}` });
	requests = 0;
	const { edges } = await another.pages(userId, direction, place);
	pages[direction] = { ids: edges.map((edge) => edge.node.id), requests };
	place = { before: edges.at(-1).cursor };
	await another.close();
}
const last = await open(url, { Authorization: `Bearer ${token}` });
const again = await last.again(nodeId);
await last.close();
console.log(JSON.stringify({ states, refusal, pages, again }));
