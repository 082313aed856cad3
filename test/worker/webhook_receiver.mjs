// A receiver of webhooks: verifies each with libraries that are not ours, notes it, and answers as its path says.
// usage: node webhook_receiver.mjs PORT DIRECTORY [CERTIFICATE KEY]
//   DIRECTORY/secrets    {"/path": ["whsec_…" or "whpk_…", …]}
//   DIRECTORY/answers    {"/path": …} instead of what the path's first word says
//   DIRECTORY/received   a line of JSON for each request
import { createPublicKey, verify } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { Webhook } from '../npm/node_modules/standardwebhooks/dist/index.js';
import { Webhook as SvixWebhook } from '../npm/node_modules/svix/dist/index.mjs';

const [port, directory, certificate, key] = process.argv.slice(2);

function read(name) {
	try {
		return JSON.parse(readFileSync(`${directory}/${name}`));
	} catch {
		return {};
	}
}

function succeeds(act) {
	try {
		act();
		return true;
	} catch {
		return false;
	}
}

// Neither library knows v1a: what the specification says of it.
function verifyKey(publicKey, body, headers) {
	const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(publicKey.slice(5), 'base64')]);
	const signed = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
	const by = createPublicKey({ key: der, format: 'der', type: 'spki' });
	return headers['webhook-signature'].split(' ').some((s) => s.startsWith('v1a,') && verify(null, signed, by, Buffer.from(s.slice(4), 'base64')));
}

// By which of its secrets each library accepts it.
function verifiedBy(secrets, body, headers) {
	const shared = secrets.filter((s) => s.startsWith('whsec_'));
	return {
		standardwebhooks: shared.filter((s) => succeeds(() => new Webhook(s).verify(body, headers))),
		svix: shared.filter((s) => succeeds(() => new SvixWebhook(s).verify(body, headers))),
		ed25519: secrets.filter((s) => s.startsWith('whpk_') && verifyKey(s, body, headers)),
	};
}

function answer(path, response) {
	const [, word, value] = (read('answers')[path] ?? path).split('/');
	switch (word) {
		case 'status':
			return response.writeHead(Number(value)).end('as you wish');
		case 'retry':
			return response.writeHead(429, { 'Retry-After': value }).end();
		case 'redirect':
			return response.writeHead(307, { Location: `http://localhost:${port}/redirected` }).end();
		case 'hang':
			return undefined;
		case 'forever': {
			response.writeHead(Number(value));
			const more = () => {
				while (!response.destroyed && response.write('x'.repeat(65536)));
				if (!response.destroyed) response.once('drain', more);
			};
			return more();
		}
		case 'drip': {
			response.writeHead(200);
			const timer = setInterval(() => response.write('x'), 50);
			return response.on('close', () => clearInterval(timer));
		}
		case 'head': {
			const socket = response.socket;
			const timer = setInterval(() => !socket.destroyed && socket.write('X-More: ' + 'x'.repeat(8000) + '\r\n'), 1);
			socket.write('HTTP/1.1 200 OK\r\n');
			return socket.on('close', () => clearInterval(timer)).on('error', () => clearInterval(timer));
		}
		case 'cut':
			return response.socket.destroy();
		default:
			return response.writeHead(204).end();
	}
}

function listen(request, response) {
	const chunks = [];
	request.on('data', (chunk) => chunks.push(chunk));
	request.on('end', () => {
		const body = Buffer.concat(chunks).toString();
		const verified = verifiedBy(read('secrets')[request.url] ?? [], body, request.headers);
		appendFileSync(`${directory}/received`, JSON.stringify({ path: request.url, method: request.method, headers: request.headers, body, verified }) + '\n');
		answer(request.url, response);
	});
}

const server = certificate ? createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) }, listen) : createServer(listen);
server.keepAliveTimeout = 60000;
server.listen(Number(port), '127.0.0.1');
