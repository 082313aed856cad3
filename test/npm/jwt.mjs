// jwt.mjs makes and checks tokens with a library that is not ours.
// usage: node jwt.mjs < lines, each [input, command, arguments…] in JSON; each gets a line of JSON:
//        token, "check", URL, issuer, audience                      the claims, verified with the keys at URL
//        "", "keys", algorithm, kid                                 {"private": JWK, "jwks": {"keys": […]}}
//        {"key": JWK or PEM, "header": …, "claims": …}, "sign"      {"token": …}
// What fails gets {"error": code}.
import { createInterface } from 'node:readline';
import { createRemoteJWKSet, exportJWK, generateKeyPair, importJWK, importPKCS8, jwtVerify, SignJWT } from 'jose';

const commands = {
	async check(token, url, issuer, audience) {
		const keys = createRemoteJWKSet(new URL(url));
		const { payload, protectedHeader } = await jwtVerify(token, keys, { issuer, audience });
		return { claims: payload, header: protectedHeader };
	},
	async keys(_, alg, kid) {
		const pair = await generateKeyPair(alg, { extractable: true });
		const publicKey = { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' };
		return { private: await exportJWK(pair.privateKey), jwks: { keys: [publicKey] } };
	},
	async sign({ key, header, claims }) {
		const secret = typeof key === 'string' ? await importPKCS8(key, header.alg) : await importJWK(key, header.alg);
		return { token: await new SignJWT(claims).setProtectedHeader(header).sign(secret) };
	},
};

for await (const line of createInterface({ input: process.stdin })) {
	const [input, command, ...args] = JSON.parse(line);
	try {
		console.log(JSON.stringify(await commands[command](input, ...args)));
	} catch (error) {
		console.log(JSON.stringify({ error: error.code ?? String(error) }));
	}
}
