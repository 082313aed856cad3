// player.mjs plays streams in a headless Chromium with hls.js, as a page would, and says what it sees. Commands are
// lines of JSON on standard input, each answered by one.
//
//   {"do": "play", "urls": [...]}    a player for each address; answers once pictures move in all of them
//   {"do": "state"}                  of each: time, frames, number (of the frame that is shown, as its bars say), ended, problem
//   {"do": "film", "url": "..."}     a film; answers once it moves
//   {"do": "stop"}
//
// Every frame of the broadcast has its number in it: 16 bars, black or white, the lowest bit at the left.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Browser } from '../browser/browser.mjs';

const hls = readFileSync(new URL('../npm/node_modules/hls.js/dist/hls.min.js', import.meta.url));
const page = `<!doctype html><title>players</title><script src="hls.js"></script><script>
const players = [];
function add() {
	const video = document.body.appendChild(document.createElement('video'));
	const player = { video, problem: '', refused: 0 };
	video.muted = true;
	players.push(player);
	return player;
}
function play(url) {
	const player = add();
	const hls = new Hls({ liveSyncDurationCount: 2, manifestLoadingMaxRetry: 20, levelLoadingMaxRetry: 20, fragLoadingMaxRetry: 20 });
	hls.on(Hls.Events.ERROR, (event, data) => {
		if (data.response?.code === 403) player.refused++;
		if (data.fatal) { player.problem = data.details; hls.recoverMediaError(); hls.startLoad(); }
	});
	hls.on(Hls.Events.MEDIA_ATTACHED, () => player.video.play());
	hls.loadSource(url);
	hls.attachMedia(player.video);
}
function film(url) {
	const { video } = add();
	video.src = url;
	video.play();
}
function numberOf(video) {
	const canvas = document.createElement('canvas');
	canvas.width = 320; canvas.height = 180;
	const context = canvas.getContext('2d');
	context.drawImage(video, 0, 0, 320, 180);
	let number = 0;
	for (let bit = 0; bit < 16; bit++) if (context.getImageData(bit * 20 + 10, 90, 1, 1).data[0] > 127) number += 2 ** bit;
	return number;
}
const state = () => players.map(({ video, problem, refused }) => ({ time: video.currentTime, frames: video.getVideoPlaybackQuality().totalVideoFrames,
	number: video.src.startsWith('blob:') && video.readyState >= 2 ? numberOf(video) : null, at: Date.now() / 1000, ended: video.ended, duration: video.duration, problem: video.error?.message ?? problem, refused }));
</script><body>`;
const server = createServer((request, response) => {
	const isScript = request.url === '/hls.js';
	response.writeHead(200, { 'Content-Type': isScript ? 'text/javascript' : 'text/html' });
	response.end(isScript ? hls : page);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await Browser.start(120);
await browser.open(`http://127.0.0.1:${server.address().port}/`);

// Pictures move: time goes on, and frames are decoded.
async function move(from) {
	const began = await browser.value('state()');
	await browser.until(`state().slice(${from}).every(({ time, frames }, i) => frames > ${began.at(-1).frames} && time > 0.5)`);
	const seen = await browser.value('state()');
	await browser.until(`state().slice(${from}).every(({ time }, i) => time > ${JSON.stringify(seen.slice(from).map(({ time }) => time))}[i] + 0.5)`);
}

const commands = {
	async play({ urls }) {
		const from = await browser.value('players.length');
		await browser.value(`${JSON.stringify(urls)}.forEach(play)`);
		await move(from);
		return browser.value('state()');
	},
	async film({ url }) {
		const from = await browser.value('players.length');
		await browser.value(`film(${JSON.stringify(url)})`);
		await move(from);
		return browser.value('state()');
	},
	state: () => browser.value('state()'),
};
for await (const line of createInterface({ input: process.stdin })) {
	const command = JSON.parse(line);
	if (command.do === 'stop') break;
	try {
		console.log(JSON.stringify(await commands[command.do](command)));
	} catch (error) {
		console.log(JSON.stringify({ failed: error.message, state: await commands.state().catch(() => null) }));
	}
}
await browser.stop();
server.close();
