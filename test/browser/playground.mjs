// playground.mjs uses the playground as a person would, and prints what came of it as one JSON object.
// usage: node playground.mjs graphiql|plain URL USERNAME PASSWORD [SCREENSHOT]
import { writeFileSync } from 'node:fs';
import { Browser } from './browser.mjs';

const [kind, url, username, password, screenshot] = process.argv.slice(2);
const answerText = { graphiql: "document.querySelector('.graphiql-response .CodeMirror')?.innerText", plain: "document.getElementById('answer').textContent" }[kind];
const runButton = { graphiql: '.graphiql-execute-button', plain: '#run' }[kind];
const browser = await Browser.start(60);
const seen = {};

// Presses the button and waits for an answer with that word in it; it is what the page shows.
async function run(word) {
	await browser.click(runButton);
	return browser.until(`${answerText}?.includes(${JSON.stringify(word)}) && ${answerText}`);
}

// GraphiQL notices a moment later which operation its editor holds.
const editor = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror";
const noticed = (operation) => kind === 'plain' || browser.until(`${editor}.operationName === ${JSON.stringify(operation)}`);

async function readDocumentation() {
	await browser.click('[aria-label="Show Documentation Explorer"]');
	return browser.until("document.querySelector('.graphiql-doc-explorer')?.innerText.includes('Mutation') && document.querySelector('.graphiql-doc-explorer').innerText");
}

async function choose(name, operation) {
	await browser.until(`[...document.querySelectorAll('#examples option')].some((option) => option.text === ${JSON.stringify(name)})`);
	await browser.value(`(() => { const list = document.getElementById('examples'); list.value = [...list].find((option) => option.text === ${JSON.stringify(name)}).value; list.dispatchEvent(new Event('change')); })()`);
	await noticed(operation);
}

try {
	await browser.open(url);
	seen.introspection = await browser.until("document.getElementById('introspection').textContent");
	seen.note = await browser.value("document.querySelector('.note')?.textContent ?? ''");

	// A wrong password, then the right one.
	await browser.type('#username', username);
	await browser.type('#password', 'not this one');
	await browser.click('#log-in');
	seen.refused = await browser.until("document.getElementById('problem').textContent");
	await browser.value("document.getElementById('password').value = ''");
	await browser.type('#password', password);
	await browser.click('#log-in');
	seen.who = await browser.until("document.getElementById('who')?.textContent");
	seen.toStaff = await browser.until("document.getElementById('introspection').textContent.endsWith(': open') && document.getElementById('introspection').textContent");

	await choose('Write: a post', 'WritePost');
	seen.created = await run('Post created');
	await choose('You: who is logged in', 'Me');
	seen.me = await run(username);

	if (kind === 'graphiql') {
		// What is typed into the editors: a document, and a header for the next request.
		await browser.click('.graphiql-query-editor .CodeMirror-lines');
		await browser.value(`${editor}.execCommand('selectAll')`);
		await browser.send('Input.insertText', { text: 'mutation Typed { createPost(title: "Typed", content: "by hand") { post { title } } }' });
		await noticed('Typed');
		await browser.click('.graphiql-editor-tools [data-name="headers"]');
		await browser.type('.graphiql-editor-tool .graphiql-editor:not(.hidden) .CodeMirror-lines', '{ "X-Request-Id": "from-the-playground" }');
		seen.typed = await run('Typed');
		seen.header = browser.requests.filter(({ headers }) => headers['X-Request-Id'] === 'from-the-playground').length;
		seen.documentation = await readDocumentation();
	}
	if (screenshot) writeFileSync(screenshot, await browser.screenshot());

	// The session lives as long as the tab, whatever is loaded in it, and ends with the button.
	await browser.open(`${url}#again`);
	await browser.send('Page.reload');
	seen.still = await browser.until("document.getElementById('who')?.textContent");
	await browser.until("document.getElementById('introspection').textContent");
	if (kind === 'graphiql') await readDocumentation(); // nothing is under way any more
	await browser.click('#log-out');
	await browser.until("document.getElementById('username')");
	seen.kept = await browser.value("[JSON.stringify(sessionStorage), JSON.stringify(localStorage), document.cookie].filter((text) => text.includes('access')).length");
} catch (error) {
	seen.failed = String(error);
	if (screenshot) await browser.screenshot().then((image) => writeFileSync(screenshot, image), () => {});
} finally {
	await browser.stop();
}
console.log(JSON.stringify({ ...seen, problems: browser.problems, requests: [...new Set(browser.requests.map((request) => `${request.method} ${request.url}`))] }));
