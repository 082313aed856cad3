// exactly_once.mjs hears of topics by the module for events (bridge/web/realtime) until everything up to the id in a
// file has been told, however often the bridge goes away. It says what it is told, a line each, as
// test/http/event_exactly_once.t reads it.
// usage: node exactly_once.mjs URL TOKEN END_FILE TOPIC...
import { existsSync, readFileSync, writeSync } from 'node:fs';
import WebSocket from 'ws';
import { Realtime } from '../../bridge/web/realtime/realtime.js';

const [url, token, endFile, ...topics] = process.argv.slice(2);
const say = (...words) => writeSync(1, `${words.join(' ')}\n`);
const words = { open: 'connected', waiting: 'closed', closed: 'died', connecting: 'tries' };
const counts = (data) => ['likes_count', 'comments_count'].filter((name) => data[name] !== undefined).map((name) => `${name}=${data[name]}`);

const realtime = new Realtime({
	url: `${url}/ws/`, WebSocket, token: () => token, heartbeat: 1000, backoffMin: 50, backoffMax: 400, heldMax: 1000000,
	onEvent: ({ id, type, data }) => say('event', id, type, ...counts(data)),
	onState: ({ name, code, reason }) => say(words[name], code ?? reason),
	onSubscribed: (topic, id) => say('began', id),
	onResync: (topic, id) => say('resync', id),
	onError: ({ status }) => say('refused', status),
});
for (const topic of topics) realtime.subscribe(topic);
realtime.open();
setInterval(() => {
	if (existsSync(endFile) && realtime.position >= Number(readFileSync(endFile))) process.exit();
}, 100);
