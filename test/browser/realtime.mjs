// realtime.mjs uses the example of events as a person would, while the network is cut and the bridge restarts,
// and prints what came of it as one JSON object, last. A line `restart` asks for that, and is answered.
// usage: node realtime.mjs URL ELSEWHERE USERNAME PASSWORD OTHER TOKEN_OF_OTHER [SCREENSHOT]     ELSEWHERE: a bridge that goes on
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Cut } from '../npm/cut.mjs';
import { Browser } from './browser.mjs';

const [url, elsewhere, username, password, other, token, screenshot] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const network = await Cut.start(url);
const browser = await Browser.start(60);
const seen = { posted: [], states: [] };
const state = "document.getElementById('state').textContent";

async function post(count) {
	for (let i = 0; i < count; i++) {
		const response = await fetch(`${elsewhere}/api/posts/posts/`, { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` }, body: JSON.stringify({ title: `post ${seen.posted.length + 1}`, content: 'text' }) });
		seen.posted.push((await response.json()).id);
	}
}

// What the page shows, oldest first.
const events = "[...document.querySelectorAll('#events li')].reverse().map((item) => { const [id, type] = item.firstChild.textContent.split(' '); return { id: Number(id), type, text: item.lastChild.textContent }; })";
const arrived = () => browser.until(`${events}.filter(({ text }) => text.includes(${JSON.stringify(`"title":"post ${seen.posted.length}"`)})).length > 0`);
const comesTo = async (start) => seen.states.push(await browser.until(`${state}.startsWith(${JSON.stringify(start)}) && ${state}`));

try {
	await browser.open(`${network.url}/api/realtime/`);
	await comesTo('closed');
	await browser.type('#username', username);
	await browser.type('#password', 'not this one');
	await browser.click('#log-in');
	seen.refused = await browser.until("document.getElementById('problem').textContent");
	await browser.value("document.getElementById('password').value = ''");
	await browser.type('#password', password);
	await browser.click('#log-in');
	await comesTo('open');
	await browser.type('#topic', `user:${other}`);
	await browser.click('#add');
	await browser.type('#topic', 'post:9007199254740991');
	await browser.click('#add');
	seen.none = await browser.until("document.getElementById('problem').textContent.startsWith('post:') && document.getElementById('problem').textContent");
	seen.topics = await browser.value("[...document.querySelectorAll('#topics li')].map((item) => item.firstChild.textContent.trim())");
	await post(2);
	await arrived();

	network.cut();
	await comesTo('waiting');
	await post(2);
	network.heal();
	await comesTo('open');
	await arrived();
	await post(1);
	await arrived();

	process.stdout.write('restart\n');
	await comesTo('waiting');
	await post(2);
	await lines.next();
	await comesTo('open');
	await arrived();

	// The browser tells no news where the machine has no network in any case.
	const offline = async (is) => {
		await browser.send('Network.emulateNetworkConditions', { offline: is, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
		await browser.value(`dispatchEvent(new Event('${is ? 'offline' : 'online'}'))`);
	};
	await offline(true);
	await comesTo('waiting · offline');
	await post(2);
	await offline(false);
	await comesTo('open');
	await arrived();
	seen.events = (await browser.value(events)).map(({ id, type, text }) => ({ id, type, post: type === 'post.created' ? JSON.parse(text).id : null }));
	if (screenshot) writeFileSync(screenshot, await browser.screenshot());

	await browser.click('#log-out');
	await comesTo('closed');
	seen.left = await browser.value("[document.querySelectorAll('#topics li').length, JSON.stringify(sessionStorage), JSON.stringify(localStorage), document.cookie].join()");
} catch (error) {
	seen.failed = String(error);
	if (screenshot) await browser.screenshot().then((image) => writeFileSync(screenshot, image), () => {});
} finally {
	await browser.stop();
	network.stop();
}
process.stdout.write(`${JSON.stringify({ ...seen, at: network.url, problems: browser.problems, requests: [...new Set(browser.requests.map((request) => `${request.method} ${request.url}`))] })}\n`);
process.exit();
