// websocket.mjs: a subscriber by npm's ws, as browsers do it: the token in Sec-WebSocket-Protocol. Subscribes to a
// topic, says what it was told up to an event of a type, closes.
// usage: node websocket.mjs URL TOKEN TOPIC TYPE      prints {protocol, types, event, code}
import WebSocket from 'ws';

const [url, token, topic, type] = process.argv.slice(2);
const socket = new WebSocket(url.replace(/^http/, 'ws') + '/ws/', ['bearer', token, 'social'], { perMessageDeflate: true });
const told = { protocol: null, extensions: null, pong: false, types: [], event: null, code: null };
const stop = setTimeout(() => { told.late = true; socket.terminate(); }, 60000);
socket.on('open', () => {
	told.protocol = socket.protocol;
	told.extensions = socket.extensions;
	socket.ping('hello');
});
socket.on('pong', (data) => { told.pong = data.toString() === 'hello'; });
socket.on('message', (data, isBinary) => {
	const message = JSON.parse(data);
	told.types.push(message.type);
	if (message.type === 'ready')
		socket.send(JSON.stringify({ type: 'subscribe', topic }));
	if (message.type === 'subscribed')
		process.stdout.write('subscribed\n');
	if (message.type === type) {
		told.event = message;
		socket.close(1000, 'enough');
	}
});
socket.on('error', (error) => { told.error = String(error); });
socket.on('close', (code) => {
	clearTimeout(stop);
	told.code = code;
	process.stdout.write(JSON.stringify(told) + '\n');
});
