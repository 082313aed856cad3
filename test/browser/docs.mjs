// docs.mjs uses the documentation of the REST interface as a person would, and prints what came of it as
// one JSON object.
// usage: node docs.mjs swagger|plain URL USERNAME PASSWORD OPERATIONS [SCREENSHOT]     OPERATIONS: how many there are
import { writeFileSync } from 'node:fs';
import { Browser } from './browser.mjs';

const [kind, url, username, password, operations, screenshot] = process.argv.slice(2);
const browser = await Browser.start(180);
const seen = {};

// Swagger UI draws what is in sight, and forgets what is not: each time that this is asked it has come a
// piece further, from the top again at the end. What has been seen stays known.
const walk = `(globalThis.shown ??= new Set(), scrollY + innerHeight + 2 < document.documentElement.scrollHeight ? scrollBy(0, 300) : scrollTo(0, 0), document.querySelectorAll('#docs .opblock').forEach(({ id }) => shown.add(id)))`;

// With the mouse, wherever on the page it is.
async function press(selector) {
	const there = `document.querySelector(${JSON.stringify(selector)})`;
	await browser.until(`Boolean(${there}) || (${walk}, Boolean(${there}))`);
	await browser.value(`${there}.scrollIntoView({ block: 'center', behavior: 'instant' })`);
	await browser.click(selector);
}

// Opens an operation and runs it with a body; the answer as it is shown.
async function run(tag, operation, body) {
	const block = `#operations-${tag}-${operation}`;
	await press(`${block} .opblock-summary-control`);
	await press(`${block} textarea.body-param__text`);
	await browser.value(`document.querySelector('${block} textarea.body-param__text').select()`);
	await browser.send('Input.insertText', { text: JSON.stringify(body) });
	// What was answered the last time is still there.
	const answer = `(document.querySelector('${block} .live-responses-table')?.innerText ?? '')`;
	const before = await browser.value(answer);
	await press(`${block} .execute`);
	const text = await browser.until(`${answer} !== ${JSON.stringify(before)} && /x-request-id/.test(${answer}) && ${answer}`);
	await press(`${block} .opblock-summary-control`);
	await browser.until(`!document.querySelector('${block} .execute')`);
	return text;
}

try {
	await browser.open(url);
	seen.note = await browser.value("document.querySelector('.note').textContent");
	if (kind === 'plain') {
		seen.operations = await browser.until(`document.querySelectorAll('#docs details').length === ${operations} && ${operations}`);
		seen.first = await browser.value("document.querySelector('#docs details summary').textContent");
	} else {
		seen.operations = await browser.until(`${walk}, shown.size === ${operations} && ${operations}`);
		seen.errors = await browser.value("document.querySelector('#docs .errors-wrapper')?.innerText ?? ''");
		seen.stranger = await run('post', 'postsCreate', { title: 'First light', content: 'by a stranger' });
		seen.login = await run('account', 'login', { username, password });
		seen.created = await run('post', 'postsCreate', { title: 'First light', content: 'from the documentation' });
	}
	if (screenshot) writeFileSync(screenshot, await browser.screenshot());
	seen.kept = await browser.value('[JSON.stringify(sessionStorage), JSON.stringify(localStorage), document.cookie].join()');
} catch (error) {
	seen.failed = String(error);
	if (screenshot) await browser.screenshot().then((image) => writeFileSync(screenshot, image), () => {});
} finally {
	await browser.stop();
}
console.log(JSON.stringify({ ...seen, problems: browser.problems, requests: [...new Set(browser.requests.map((request) => `${request.method} ${request.url}`))] }));
