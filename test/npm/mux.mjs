// mux.mjs asks npm @mux/mux-node what our worker and our webhook are held against.
//   requests URL            makes each call that the worker makes, of a server at URL (test/worker/mux_server.py); prints the ids it used
//   verify SECRET           of lines {"header", "body"}: prints a line of JSON each, true where its verifier takes it (of now)
//   token ID KEY PEM SECONDS prints a token for a playback id
import { webcrypto } from 'node:crypto';
import readline from 'node:readline';
import Mux from '@mux/mux-node';

globalThis.crypto ??= webcrypto; // Node.js 18 has none there
const [what, ...given] = process.argv.slice(2);
if (what === 'requests') {
  const mux = new Mux({ tokenId: 'the-token-id', tokenSecret: 'the-token-secret', baseURL: given[0], maxRetries: 0 });
  const streams = mux.video.liveStreams;
  const live = await streams.create({ playback_policies: ['public'], new_asset_settings: { playback_policies: ['public'] }, latency_mode: 'reduced', reconnect_window: 60, passthrough: 'passthrough' });
  const signed = await streams.createPlaybackId(live.id, { policy: 'signed' });
  await streams.deletePlaybackId(live.id, live.playback_ids[0].id);
  const reset = await streams.resetStreamKey(live.id);
  await mux.video.assets.createPlaybackId('asset-of-the-test', { policy: 'signed' });
  await mux.video.assets.deletePlaybackId('asset-of-the-test', 'public-of-the-test');
  await streams.complete(live.id);
  await streams.disable(live.id);
  await streams.delete(live.id);
  await mux.video.assets.delete('asset-of-the-test');
  console.log(JSON.stringify({ live: live.id, public: live.playback_ids[0].id, signed: signed.id, reset: reset.stream_key !== live.stream_key }));
} else if (what === 'verify') {
  const mux = new Mux({ webhookSecret: given[0] });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { header, body } = JSON.parse(line);
    let good = true;
    try { await mux.webhooks.verifySignature(body, { 'mux-signature': header }); } catch { good = false; }
    console.log(good);
  }
} else {
  const [id, key, pem, seconds] = given;
  const mux = new Mux({ jwtSigningKey: key, jwtPrivateKey: pem });
  console.log(await mux.jwt.signPlaybackId(id, { type: 'video', expiration: `${seconds}s` }));
}
