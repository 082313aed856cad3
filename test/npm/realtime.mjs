// realtime.mjs uses the module for events (bridge/web/realtime) as an application in Node.js would, installed
// from its directory, over a network that fails, and prints what came of it as one JSON object, last. What only
// the test can do it asks for by a line, and reads an answer: `restart` (the bridge), `token` (one that ends soon),
// `end` (the session).
// usage: node realtime.mjs URL ELSEWHERE ME TOKEN OTHER TOKEN_OF_OTHER       ELSEWHERE: a bridge that goes on
import { createInterface } from 'node:readline';
import WebSocket from 'ws';
import { Cut } from './cut.mjs';

const [url, elsewhere, me, token, other, otherToken, module] = process.argv.slice(2);
const { Realtime } = await import(module);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const network = await Cut.start(url);
const seen = { wrong: [], thrown: 0 };
process.on('uncaughtException', (error) => (error.message === 'from the page' ? seen.thrown++ : seen.wrong.push(String(error.stack))));

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function until(what, condition, seconds = 90) {
	for (const deadline = Date.now() + seconds * 1000; !condition(); await sleep(10)) if (Date.now() > deadline) throw new Error(`this does not come to hold: ${what}`);
}
async function ask(line) {
	process.stdout.write(`${line}\n`);
	return (await lines.next()).value;
}
async function post(title) {
	const response = await fetch(`${elsewhere}/api/posts/posts/`, { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${otherToken}` }, body: JSON.stringify({ title, content: 'of #Realtime' }) });
	if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
	return (await response.json()).id;
}
async function remove(id) {
	const response = await fetch(`${elsewhere}/api/posts/posts/${id}/`, { method: 'DELETE', headers: { Authorization: `Bearer ${otherToken}` } });
	if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}

// A page: what it was told, and what it said.
function page(options) {
	const told = { events: [], states: [], subscribed: [], gaps: [], errors: [], said: [] };
	class Recording extends WebSocket {
		send(text) {
			told.said.push(JSON.parse(text));
			super.send(text);
		}
	}
	told.realtime = new Realtime({
		url: `${network.url}/ws/`, WebSocket: Recording, token: () => token, backoffMin: 50, backoffMax: 400,
		onEvent: (event) => told.events.push(event),
		onState: (state) => told.states.push(state),
		onSubscribed: (topic, id) => told.subscribed.push({ topic, id }),
		onResync: (topic, id) => told.gaps.push({ topic, id }),
		onError: (error) => told.errors.push(error),
		...options,
	});
	told.created = () => told.events.filter(({ type }) => type === 'post.created').map(({ data }) => data.id);
	told.isOpen = () => told.realtime.state.name === 'open';
	return told;
}

try {
	// ---- everything once and in order, whatever happens: two topics that tell of the same posts
	const main = page({ heartbeat: 500, deadline: 5000 });
	const topics = [`user:${other}`, 'feed', `notifications:${me}`];
	for (const topic of [...topics, ...topics]) main.realtime.subscribe(topic);
	main.realtime.open();
	main.realtime.open();
	await until('subscribed', () => main.subscribed.length === 3);
	const posted = [await post('first')];
	await until('the first', () => main.created().length === 1);
	let isWriting = true;
	const writer = (async () => {
		while (isWriting) posted.push(await post(`post ${posted.length}`)), await sleep(20);
	})();
	const told = () => until('what was posted so far', ((count) => () => main.created().length >= count)(posted.length));

	network.cut();
	await until('waiting', () => main.realtime.state.name === 'waiting');
	await until('more posts', ((count) => () => posted.length > count + 5)(posted.length));
	seen.tries = network.joined;
	await until('tries while there is no network', () => network.joined > seen.tries + 1);
	network.heal();
	await until('open after a cut', main.isOpen);
	await told();

	network.deafen();
	await until('half-open: it is noticed', () => !main.isOpen());
	network.heal();
	await until('open after a silence', main.isOpen);
	await told();

	await ask('restart');
	await until('1012', () => main.states.some(({ code }) => code === 1012));
	await until('open after a restart', main.isOpen);
	await told();

	network.target = new URL(elsewhere).port;
	network.cut();
	network.heal();
	await until('the way to the other bridge', () => !main.isOpen());
	await until('open on another bridge', main.isOpen);
	await told();
	isWriting = false;
	await writer;
	await told();
	seen.posted = posted;
	seen.created = main.created();
	seen.ascending = main.events.every(({ id }, at, all) => at === 0 || id > all[at - 1].id);
	seen.reasons = [...new Set(main.states.filter(({ name }) => name === 'waiting').map(({ reason, code }) => `${code ?? ''} ${reason}`))];
	seen.names = [...new Set(main.states.map(({ name }) => name))];
	seen.gaps = main.gaps;
	const opened = main.states.filter(({ name }) => name === 'open').length;
	seen.subscriptions = main.said.filter(({ type }) => type === 'subscribe').length / opened;
	seen.subscribedOnce = main.subscribed.length;

	// ---- topics come and go
	main.realtime.subscribe('post:9007199254740991');
	await until('a topic that is none', () => main.errors.length === 1);
	main.realtime.subscribe('hashtag:REALTIME');
	main.realtime.subscribe('hashtag:Realtime');
	await until('a hashtag in two spellings', () => main.subscribed.length === 5);
	main.realtime.unsubscribe('hashtag:Realtime');
	for (const topic of [`user:${other}`, 'feed']) main.realtime.unsubscribe(topic);
	main.realtime.subscribe('hashtag:later');
	await until('another topic', () => main.subscribed.length === 6);
	const tagged = await post('tagged');
	await until('an event of the other spelling', () => main.created().includes(tagged));
	main.realtime.subscribe(`post:${tagged}`);
	await until('a post', () => main.subscribed.length === 7);
	await remove(tagged);
	await until('what is gone', () => main.errors.length === 2);
	seen.gone = main.errors[1];
	seen.error = main.errors[0];
	seen.topics = main.realtime.topics;
	seen.unsubscribed = main.said.filter(({ type }) => type === 'unsubscribe').map(({ topic }) => topic);

	// ---- what a page throws costs nothing; it goes on where another was
	const { position } = main.realtime;
	main.realtime.close();
	seen.closed = main.realtime.state;
	const late = [await post('late'), await post('later')];
	const second = page({ after: position, onEvent: (event) => (second.events.push(event), event.type === 'post.created' && (() => { throw new Error('from the page'); })()) });
	for (const topic of topics) second.realtime.subscribe(topic);
	second.realtime.open();
	await until('what was missed', () => second.created().length === 2);
	seen.late = String(second.created()) === String(late);
	second.realtime.close();

	// ---- gaps: an id that nobody has given out, and more than can be held
	const lost = page({ after: 9007199254740991 });
	const many = page({ after: position, heldMax: 1 });
	for (const one of [lost, many]) {
		for (const topic of topics) one.realtime.subscribe(topic);
		one.realtime.open();
		await until('a gap', () => one.gaps.length === 3 && one.subscribed.length === 3);
		const next = await post('after the gap');
		await until('what follows a gap', () => one.created().includes(next));
		one.realtime.close();
	}
	seen.gapTopics = [lost, many].map(({ gaps }) => gaps.map(({ topic }) => topic).sort());
	seen.afterGap = [lost, many].map((one) => one.created().length);

	// ---- tokens
	const asked = [];
	const refused = page({ token: (isStale) => (asked.push(isStale), isStale ? token : 'nonsense') });
	refused.realtime.open();
	await until('a token that is refused is replaced', refused.isOpen);
	refused.realtime.close();
	seen.asked = asked;
	const hopeless = page({ token: () => 'nonsense' });
	hopeless.realtime.open();
	await until('none is any good', () => hopeless.realtime.state.name === 'closed');
	seen.hopeless = hopeless.realtime.state;
	const failing = page({ token: (isStale) => { if (failing.states.length < 4) throw new Error('no network'); return token; } });
	failing.realtime.open();
	await until('a token that cannot be had at first', failing.isOpen);
	seen.failing = failing.states.map(({ name }) => name);
	failing.realtime.close();

	let ends = 0;
	const renewed = page({ renewBefore: 16000, token: async () => {
		const given = await ask('token');
		ends ||= JSON.parse(atob(given.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'))).exp * 1000;
		return given;
	} });
	renewed.realtime.subscribe(`user:${other}`);
	renewed.realtime.open();
	await until('open with a token that ends soon', renewed.isOpen);
	await until('its end', () => Date.now() > ends + 3000);
	const beyond = await post('beyond the end of a token');
	await until('an event beyond the end of the first token', () => renewed.created().includes(beyond));
	seen.renewed = renewed.states.map(({ name }) => name);
	seen.auths = renewed.said.filter(({ type }) => type === 'auth').length;
	renewed.realtime.close();

	// ---- the end of the session
	const ended = page({ token: (isStale) => (isStale ? null : token) });
	ended.realtime.open();
	await until('open', ended.isOpen);
	await ask('end');
	await until('closed', () => ended.realtime.state.name === 'closed');
	seen.ended = ended.states.map(({ name, reason, code }) => [name, reason, code ?? 0].join(' '));
} catch (error) {
	seen.wrong.push(String(error.stack));
}
network.stop();
process.stdout.write(`${JSON.stringify(seen)}\n`);
process.exit();
