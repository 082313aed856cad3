// jwt.mjs makes and checks tokens with a library that is not ours.
// usage: node jwt.mjs check URL ISSUER AUDIENCE < token       the claims, verified with the keys at URL
//        node jwt.mjs keys ALGORITHM KID                      {"private": JWK, "jwks": {"keys": […]}}
//        node jwt.mjs sign < {"key": JWK or PEM, "header": …, "claims": …}
// What fails prints {"error": code}.
import { readFileSync } from 'node:fs';
import { createRemoteJWKSet, exportJWK, generateKeyPair, importJWK, importPKCS8, jwtVerify, SignJWT } from 'jose';

const [command, ...args] = process.argv.slice(2);
const input = () => readFileSync(0, 'utf8').trim();

const commands = {
	async check(url, issuer, audience) {
		const keys = createRemoteJWKSet(new URL(url));
		const { payload, protectedHeader } = await jwtVerify(input(), keys, { issuer, audience });
		return { claims: payload, header: protectedHeader };
	},
	async keys(alg, kid) {
		const pair = await generateKeyPair(alg, { extractable: true });
		const publicKey = { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' };
		return { private: await exportJWK(pair.privateKey), jwks: { keys: [publicKey] } };
	},
	async sign() {
		const { key, header, claims } = JSON.parse(input());
		const secret = typeof key === 'string' ? await importPKCS8(key, header.alg) : await importJWK(key, header.alg);
		return { token: await new SignJWT(claims).setProtectedHeader(header).sign(secret) };
	},
};

try {
	console.log(JSON.stringify(await commands[command](...args)));
} catch (error) {
	console.log(JSON.stringify({ error: error.code ?? String(error) }));
}
