// tls_tunnel.mjs owns a way to a TLS server for clients that have no TLS: whoever connects here without it is there
// with it, by Node's TLS. It prints its port, and ends with its standard input.
// usage: tls_tunnel.mjs PORT CA-FILE
import fs from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

const [port, ca] = process.argv.slice(2);
const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
	const bridge = tls.connect({ port: Number(port), host: '127.0.0.1', ca: fs.readFileSync(ca), ALPNProtocols: ['http/1.1'], allowHalfOpen: true });
	bridge.setNoDelay(true);
	for (const [from, to] of [[client, bridge], [bridge, client]]) {
		from.pipe(to);
		from.on('error', () => to.destroy());
		from.on('close', () => from.readableEnded || to.destroy());
	}
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
