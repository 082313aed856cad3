// cut.mjs owns a network that fails when it is told to: a TCP proxy before a bridge.
import net from 'node:net';

export class Cut {
	static async start(url) {
		const cut = new Cut();
		cut.target = new URL(url).port;
		cut.server = net.createServer({ allowHalfOpen: true }, (client) => cut.join(client));
		await new Promise((resolve) => cut.server.listen(0, '127.0.0.1', resolve));
		cut.url = `http://127.0.0.1:${cut.server.address().port}`;
		return cut;
	}

	pairs = new Set();
	isCut = false;
	isDeaf = false;
	joined = 0;

	join(client) {
		this.joined++;
		if (this.isCut) {
			client.resetAndDestroy();
			return;
		}
		const bridge = net.connect(this.target, '127.0.0.1');
		const pair = [client, bridge];
		this.pairs.add(pair);
		for (const [from, to] of [[client, bridge], [bridge, client]]) {
			from.on('data', (data) => this.isDeaf || to.write(data));
			from.on('end', () => this.isDeaf || to.end());
			from.on('error', () => {});
			from.on('close', () => {
				if (!this.isDeaf) to.destroy();
				this.pairs.delete(pair);
			});
		}
	}

	// Every connection is reset, and no other is let in.
	cut() {
		this.isCut = true;
		for (const pair of this.pairs) for (const socket of pair) socket.resetAndDestroy();
	}

	// Nothing arrives any more, and nobody is told.
	deafen() {
		this.isDeaf = true;
	}

	heal() {
		this.isCut = false;
		if (!this.isDeaf) return;
		this.isDeaf = false;
		for (const pair of this.pairs) for (const socket of pair) socket.resetAndDestroy();
	}

	stop() {
		this.cut();
		this.server.close();
	}
}
