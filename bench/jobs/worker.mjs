// worker.mjs runs jobs that do nothing: ours (claim_jobs and finish_jobs in batches), or graphile-worker's
// (its local queue and batched completion). Both in this process, by the same driver. The environment says
// where the database is (PG...).
//   node worker.mjs ours|graphile JOBS     runs so many that wait, prints jobs a second
//   node worker.mjs listen SECONDS         runs ours as the bell tells
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const pg = require('pg');
const BATCH = 500, PARALLEL = 2;
const noop = async () => {};
const fail = (error) => { throw error; };
const seconds = (since) => Number(process.hrtime.bigint() - since) / 1e9;

async function batch(client, name) {
	const { rows } = await client.query({ name: 'claim', text: "SELECT id, args, attempt FROM social.claim_jobs($1, '{bench}', $2)", values: [name, BATCH] });
	if (rows.length === 0) return 0;
	await Promise.all(rows.map((job) => noop(job.args)));
	const lost = await client.query({ name: 'finish', text: 'SELECT cardinality(social.finish_jobs($1, $2, $3)) AS n', values: [name, rows.map((job) => job.id), rows.map((job) => job.attempt)] });
	if (lost.rows[0].n !== 0) throw new Error(`${lost.rows[0].n} jobs were lost`);
	return rows.length;
}

async function connect() {
	const client = new pg.Client();
	await client.connect();
	return client;
}

async function ours(jobs) {
	const clients = await Promise.all(Array.from({ length: PARALLEL }, connect));
	let done = 0;
	const begin = process.hrtime.bigint();
	await Promise.all(clients.map(async (client, i) => {
		for (let n = 1; n > 0 && done < jobs; ) {
			n = await batch(client, `bench ${process.pid} ${i}`);
			done += n;
		}
	}));
	if (done !== jobs) throw new Error(`${done} jobs of ${jobs} were done`);
	const rate = jobs / seconds(begin);
	await Promise.all(clients.map((client) => client.end()));
	return rate;
}

async function graphile(jobs) {
	const { run } = require('graphile-worker');
	const pool = new pg.Pool({ max: 12 });
	pool.on('error', fail);
	pool.on('connect', (client) => client.on('error', fail));
	let done = 0, finished;
	const all = new Promise((resolve) => { finished = resolve; });
	const { Logger } = require('@graphile/logger');
	const begin = process.hrtime.bigint();
	const runner = await run({
		pgPool: pool,
		taskList: { bench: async () => { if (++done === jobs) finished(); } },
		noHandleSignals: true,
		logger: new Logger(() => () => {}),
		preset: { worker: { concurrentJobs: 96, localQueue: { size: BATCH, refetchDelay: { durationMs: 0, threshold: 0 } }, completeJobBatchDelay: 0, failJobBatchDelay: 0, pollInterval: 2000 } },
	});
	await all;
	await runner.stop(); // what is done is written by then
	const rate = jobs / seconds(begin);
	await pool.end();
	return rate;
}

async function listen(duration) {
	const client = await connect();
	let rung, bell = new Promise((resolve) => { rung = resolve; });
	client.on('notification', () => rung());
	await client.query('LISTEN social_jobs');
	const begin = process.hrtime.bigint();
	let done = 0;
	while (seconds(begin) < duration) {
		while (true) {
			const n = await batch(client, `listen ${process.pid}`);
			if (n === 0) break;
			done += n;
		}
		await Promise.race([bell, new Promise((resolve) => setTimeout(resolve, 2000))]);
		bell = new Promise((resolve) => { rung = resolve; });
	}
	await client.end();
	return done;
}

const [side, count] = process.argv.slice(2);
console.log(await { ours, graphile, listen }[side](Number(count)));
process.exit(0);
