// browser.mjs owns a headless Chromium: what it takes to use a page as a person does, and to hear of all
// that the page asks for and all that goes wrong in it. It speaks the DevTools protocol through two
// pipes, so that it needs no library and no port.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Names are not looked up, so that nothing outside of this machine can be met, whoever asks for it.
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
	'--disable-component-update', '--disable-sync', '--remote-debugging-pipe', '--window-size=1300,800', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'];

export class Browser {
	// Whatever takes longer than `seconds` fails.
	static async start(seconds) {
		const browser = new Browser();
		browser.seconds = seconds;
		browser.home = mkdtempSync(join(tmpdir(), 'browser-'));
		browser.process = spawn('chromium-headless-shell', [...flags, `--user-data-dir=${browser.home}`],
			{ stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: browser.home } });
		browser.process.on('error', (error) => browser.fail(error));
		browser.process.on('exit', () => browser.fail(new Error('the browser ended')));
		let rest = '';
		browser.process.stdio[4].on('data', (data) => {
			const messages = (rest + data).split('\0');
			rest = messages.pop();
			for (const message of messages) browser.hear(JSON.parse(message));
		});
		const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
		browser.session = (await browser.send('Target.attachToTarget', { targetId, flatten: true })).sessionId;
		for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await browser.send(`${domain}.enable`);
		await browser.send('Page.addScriptToEvaluateOnNewDocument', {
			source: "document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))",
		});
		return browser;
	}

	waiting = new Map();
	number = 0;
	requests = []; // { url, method, headers }
	problems = []; // lines of the console's errors, exceptions, violations of the policy

	hear({ id, result, error, method, params }) {
		if (id) {
			const { resolve, reject } = this.waiting.get(id);
			this.waiting.delete(id);
			if (error) reject(new Error(error.message));
			else resolve(result);
		}
		if (method === 'Network.requestWillBeSent') this.requests.push(params.request);
		if (method === 'Runtime.exceptionThrown') this.problems.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
		if (method === 'Runtime.consoleAPICalled' && params.type === 'error') this.problems.push(params.args.map((arg) => arg.value ?? arg.description).join(' '));
		if (method === 'Log.entryAdded' && params.entry.level === 'error') this.problems.push(`${params.entry.text} ${params.entry.url ?? ''}`);
	}

	fail(error) {
		for (const { reject } of this.waiting.values()) reject(error);
	}

	send(method, params = {}) {
		const id = ++this.number;
		const timer = setTimeout(() => this.fail(new Error(`no answer to ${method}`)), this.seconds * 1000);
		const answer = new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
		this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: this.session })}\0`);
		return answer.finally(() => clearTimeout(timer));
	}

	// The value of an expression in the page.
	async value(expression) {
		const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
		if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
		return result.value;
	}

	// The same, once it is true of it.
	async until(expression) {
		for (const deadline = Date.now() + this.seconds * 1000; ; ) {
			const value = await this.value(expression);
			if (value) return value;
			if (Date.now() > deadline) throw new Error(`this does not come to hold: ${expression}`);
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
	}

	async open(url) {
		await this.send('Page.navigate', { url });
		await this.until(`location.href === ${JSON.stringify(url)} && document.readyState === 'complete'`);
	}

	// With the mouse, into the middle of what is there once it is.
	async click(selector) {
		const element = `document.querySelector(${JSON.stringify(selector)})`;
		await this.until(`${element}?.getClientRects().length > 0`);
		const { x, y } = await this.value(`(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))(${element}.getBoundingClientRect())`);
		for (const type of ['mousePressed', 'mouseReleased']) await this.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
	}

	async type(selector, text) {
		await this.click(selector);
		await this.send('Input.insertText', { text });
	}

	async screenshot() {
		return Buffer.from((await this.send('Page.captureScreenshot')).data, 'base64');
	}

	async stop() {
		const { exitCode, signalCode } = this.process;
		const gone = new Promise((resolve) => (exitCode === null && signalCode === null ? this.process.once('exit', resolve) : resolve()));
		this.session = undefined;
		await this.send('Browser.close').catch(() => this.process.kill('SIGKILL'));
		await gone;
		rmSync(this.home, { recursive: true, force: true });
	}
}
