// worker.mjs runs jobs that do nothing: ours (finish_jobs and claim_jobs in batches), or graphile-worker's
// (its local queue and batched completion). Both in this process, by the same driver. The environment says
// where the database is (PG...).
//   node worker.mjs ours|graphile JOBS     runs so many that wait, prints jobs a second
//   node worker.mjs listen SECONDS         runs ours as the bell tells
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const pg = require('pg');
const BATCH = 1000, PARALLEL = 2; // the best of both sides
const noop = async () => {};
const fail = (error) => { throw error; };
const seconds = (since) => Number(process.hrtime.bigint() - since) / 1e9;

const CLAIM = "SELECT id, args, attempt FROM social.claim_jobs($1, '{bench}', $2)";
const FINISH = 'SELECT cardinality(social.finish_jobs($1, $2, $3)) AS n';

// Says what is done, and claims the next batch, in one transaction, as social-worker does.
async function turn(client, name, done) {
	await client.query('BEGIN');
	// Numbers need no quotes, which the driver would look for in each.
	const lost = await client.query({ name: 'finish', text: FINISH, values: [name, `{${done.map((job) => job.id)}}`, `{${done.map((job) => job.attempt)}}`] });
	const claimed = await client.query({ name: 'claim', text: CLAIM, values: [name, BATCH] });
	await client.query('COMMIT');
	if (lost.rows[0].n !== 0) throw new Error(`${lost.rows[0].n} jobs were lost`);
	await Promise.all(claimed.rows.map((job) => noop(job.args)));
	return claimed.rows;
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
		let rows = [];
		do {
			rows = await turn(client, `bench ${process.pid} ${i}`, rows);
			done += rows.length;
		} while (rows.length > 0);
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
		for (let rows = []; (rows = await turn(client, `listen ${process.pid}`, rows)).length > 0; ) done += rows.length;
		await Promise.race([bell, new Promise((resolve) => setTimeout(resolve, 2000))]);
		bell = new Promise((resolve) => { rung = resolve; });
	}
	await client.end();
	return done;
}

const [side, count] = process.argv.slice(2);
console.log(await { ours, graphile, listen }[side](Number(count)));
process.exit(0);
