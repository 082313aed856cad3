// realtime_chat.mjs talks in the chat of a stream with the module for events (bridge/web/realtime), and prints what
// came of it as JSON.
// usage: node realtime_chat.mjs URL TOKEN STREAM MODULE
import WebSocket from 'ws';

const [url, token, stream, module] = process.argv.slice(2);
const { Realtime } = await import(module);
const topic = `stream:${stream}`;
const seen = { history: [], events: [], refused: [] };
function pending() {
	const one = {};
	one.promise = new Promise((resolve) => (one.resolve = resolve));
	return one;
}
const told = pending();
const heard = pending();
const realtime = new Realtime({
	url: `${url}/ws/`,
	WebSocket,
	token: () => token,
	onHistory: (of, messages) => seen.history.push([of, messages.map(({ content }) => content)]),
	onSubscribed: (of) => of === topic && told.resolve(),
	onEvent: ({ type, data }) => {
		if (type !== 'chat.message') return;
		seen.events.push([data.id, data.content]);
		heard.resolve();
	},
});
const refused = async (say) => say.then((id) => seen.refused.push(id), ({ status, code }) => seen.refused.push([status, code]));
await refused(realtime.say(topic, 'too early'));
realtime.subscribe('feed');
realtime.open();
realtime.subscribe(topic);
await told.promise;
seen.said = await realtime.say(topic, 'from a page');
await heard.promise;
await refused(realtime.say(topic, ''));
await refused(realtime.say('stream:9007199254740991', 'nowhere'));
seen.state = realtime.state.name;
seen.topics = realtime.topics;
const lost = refused(realtime.say(topic, 'and gone'));
realtime.close();
await lost;
console.log(JSON.stringify(seen));
