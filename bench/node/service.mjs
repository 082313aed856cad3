// The other side of bench/node.pl: its routes on the schema of bench/plain as an application would serve
// them that does without everything else, with fastify and pg. A process per core; tokens checked once
// and remembered; every statement prepared by name; one statement a request where one will do; JSON made by
// PostgreSQL and passed on as it is, which costs less of both than rows that JavaScript makes objects and
// then text of. What an answer has is what ours has, so that a reader cannot tell them apart, where the
// schema has less (reposts in a feed, reactions) as constants.
//
// PORT, JWT_SECRET (HS256), PG* as libpq reads them.
import cluster from 'node:cluster';
import os from 'node:os';
import Fastify from 'fastify';
import { createVerifier } from 'fast-jwt';
import pg from 'pg';

if (cluster.isPrimary) {
	for (const _ of os.cpus()) cluster.fork();
	cluster.on('exit', (worker, code, signal) => {
		console.error(`node: worker ${worker.process.pid} ended: ${signal ?? code}`);
		process.exit(1);
	});
	process.on('SIGTERM', () => {
		cluster.removeAllListeners('exit');
		for (const worker of Object.values(cluster.workers)) worker.process.kill();
		process.exit(0);
	});
} else {
	await serve();
}

// ---- statements ----------------------------------------------------------------------------------

function statements() {
	const author = (u) => `(SELECT row_to_json(a) FROM (SELECT ${u}.id, ${u}.username, ${u}.first_name, ${u}.last_name, ${u}.avatar, ${u}.avatar AS profile_image, NULL AS avatar_url) a) AS author`;
	const post = `p.id, ${author('u')}, p.title, p.content,
		ARRAY(SELECT h.tag FROM plain.post_hashtags l JOIN plain.hashtags h ON h.id = l.hashtag_id WHERE l.post_id = p.id) AS hashtags,
		ARRAY(SELECT o.username FROM plain.mentions m JOIN plain.users o ON o.id = m.user_id WHERE m.post_id = p.id) AS mentions,
		p.image, p.video, '[]'::json AS media, p.quoted_post_id,
		(SELECT row_to_json(q) FROM (
			SELECT o.id, ${author('a')}, o.title, o.content, o.image, o.video, '[]'::json AS media, o.created_at
			FROM plain.posts o JOIN plain.users a ON a.id = o.author_id WHERE o.id = p.quoted_post_id) q) AS quoted_post,
		p.is_published, p.visibility, p.reply_settings, p.is_pinned, p.is_highlighted,
		(SELECT count(*) FROM plain.post_likes l WHERE l.post_id = p.id) AS likes_count,
		(SELECT count(*) FROM plain.comments c WHERE c.post_id = p.id) AS comments_count,
		(SELECT count(*) FROM plain.reposts r WHERE r.post_id = p.id) AS reposts_count,
		(SELECT count(*) FROM plain.post_views v WHERE v.post_id = p.id) AS views_count,
		p.language, p.edited_at IS NOT NULL AS is_edited, p.edited_at, p.publish_at, p.created_at, p.updated_at`;
	const page = (columns, posts, more = '') => `SELECT json_build_object('results', coalesce(json_agg(row_to_json(r)), '[]'), 'next', (array_agg(r.id))[20]::text, 'previous', NULL${more})::text FROM (
		SELECT ${columns} FROM (${posts}) p JOIN plain.users u ON u.id = p.author_id ORDER BY p.created_at DESC, p.id DESC) r`;
	const newest = 'ORDER BY p.created_at DESC, p.id DESC LIMIT 20';
	const feed = `${post}, NULL AS reposted_by, NULL AS reposted_at`;
	const live = ", 'live', json_build_array()";

	return {
		list: page(post, `SELECT * FROM plain.posts p WHERE p.is_published ${newest}`),
		// The newest of each whom one follows, merged; or the newest until there are twenty by somebody
		// whom one follows, which takes long for those who follow few.
		feed: page(feed, `SELECT p.* FROM plain.follows f CROSS JOIN LATERAL (
			SELECT * FROM plain.posts p WHERE p.author_id = f.followed_id AND p.is_published ${newest}) p WHERE f.follower_id = $1 ${newest}`, live),
		feed_joined: page(feed, `SELECT p.* FROM plain.posts p JOIN plain.follows f ON f.followed_id = p.author_id WHERE f.follower_id = $1 AND p.is_published ${newest}`, live),
		search: `SELECT json_build_object('results', coalesce(json_agg(json_build_object('post', r.post, 'rank', r.rank, 'title_snippet', r.title_snippet, 'snippet', r.snippet)), '[]'), 'next', NULL, 'previous', NULL,
				'total', json_build_object('value', coalesce(max(total), 0), 'is_exact', true), 'is_bounded', false)::text FROM (
			SELECT (SELECT row_to_json(d) FROM (SELECT ${post}) d) AS post,
				p.rank, ts_headline('english', p.title, p.wanted) AS title_snippet, ts_headline('english', p.content, p.wanted) AS snippet, p.total
			FROM (
				SELECT s.*, w.wanted, ts_rank(s.search_vector, w.wanted) AS rank, count(*) OVER () AS total
				FROM websearch_to_tsquery('english', $1) w (wanted), plain.posts s
				WHERE s.search_vector @@ w.wanted AND s.is_published ORDER BY rank DESC, s.id DESC LIMIT 20) p
			JOIN plain.users u ON u.id = p.author_id ORDER BY p.rank DESC, p.id DESC) r`,
		post: `SELECT row_to_json(r)::text FROM (
			SELECT p.id::text AS id, p.title, p.content, json_build_object('username', u.username) AS author,
				(SELECT count(*) FROM plain.post_likes l WHERE l.post_id = p.id) AS "likesCount",
				(SELECT count(*) FROM plain.comments c WHERE c.post_id = p.id) AS "commentsCount",
				(SELECT coalesce(json_agg(row_to_json(c)), '[]') FROM (
					SELECT m.id::text AS id, m.content, json_build_object('username', a.username) AS author,
						(SELECT coalesce(json_agg(row_to_json(d)), '[]') FROM (
							SELECT n.id::text AS id, n.content, json_build_object('username', b.username) AS author
							FROM (SELECT * FROM plain.comments k WHERE k.parent_id = m.id ORDER BY k.id LIMIT 5) n
							JOIN plain.users b ON b.id = n.author_id ORDER BY n.id) d) AS replies
					FROM (SELECT * FROM plain.comments k WHERE k.post_id = p.id AND k.parent_id IS NULL ORDER BY k.id LIMIT 10) m
					JOIN plain.users a ON a.id = m.author_id ORDER BY m.id) c) AS comments
			FROM plain.posts p JOIN plain.users u ON u.id = p.author_id WHERE p.id = $1 AND p.is_published) r`,
		like: `WITH post AS (SELECT id, author_id FROM plain.posts WHERE id = $1 AND is_published),
			liked AS (INSERT INTO plain.post_likes (post_id, user_id) SELECT id, $2 FROM post ON CONFLICT DO NOTHING RETURNING post_id),
			told AS (INSERT INTO plain.notifications (recipient_id, actor_id, type, post_id)
				SELECT p.author_id, $2, 'like', p.id FROM liked JOIN post p ON p.id = liked.post_id WHERE p.author_id <> $2)
			SELECT json_build_object('liked', true, 'likes_count', (SELECT count(*) FROM plain.post_likes l WHERE l.post_id = p.id) + (SELECT count(*) FROM liked), 'reaction', 'heart')::text FROM post p`,
		insert_post: 'INSERT INTO plain.posts (author_id, title, content) VALUES ($1, $2, $3) RETURNING id::text',
		insert_hashtags: 'INSERT INTO plain.hashtags (tag) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING',
		link_hashtags: 'INSERT INTO plain.post_hashtags (post_id, hashtag_id) SELECT $1, h.id FROM plain.hashtags h WHERE h.tag = ANY ($2)',
		mention: `WITH named AS (INSERT INTO plain.mentions (post_id, user_id) SELECT $1, u.id FROM plain.users u WHERE u.username = ANY ($2) RETURNING user_id)
			INSERT INTO plain.notifications (recipient_id, actor_id, type, post_id) SELECT n.user_id, $3, 'mention', $1 FROM named n WHERE n.user_id <> $3`,
		written: `SELECT row_to_json(r)::text FROM (SELECT ${post} FROM plain.posts p JOIN plain.users u ON u.id = p.author_id WHERE p.id = $1) r`,
	};
}

// ---- routes --------------------------------------------------------------------------------------

async function serve() {
	const text = statements();
	const pool = new pg.Pool({ idleTimeoutMillis: 0 }); // what is prepared is kept
	// The first column of the first row; undefined where there is none.
	const value = async (client, name, values) => (await client.query({ name, text: text[name], values, rowMode: 'array' })).rows[0]?.[0];
	const verify = createVerifier({ key: process.env.JWT_SECRET, algorithms: ['HS256'], cache: true });
	const app = Fastify();
	const answer = (reply, body, status = 200) => {
		if (body === undefined) return reply.code(404).send({ error: 'not found' });
		return reply.code(status).type('application/json; charset=utf-8').send(body);
	};
	const distinct = (matches) => [...new Set(Array.from(matches, ([, word]) => word.toLowerCase()))];
	const id = { params: { type: 'object', properties: { id: { type: 'integer' } } } };

	app.get('/health', async () => ({ status: 'ok' }));
	app.register(async (app) => {
		app.decorateRequest('user', 0);
		app.addHook('onRequest', (request, reply, done) => {
			const header = request.headers.authorization ?? '';
			try {
				if (!header.startsWith('Bearer ')) throw new Error('no token');
				request.user = Number(verify(header.slice(7)).sub);
			} catch {
				reply.code(401).send({ error: 'authentication is required' });
				return;
			}
			done();
		});
		app.get('/posts', async (request, reply) => answer(reply, await value(pool, 'list', [])));
		app.get('/feed', async (request, reply) => answer(reply, await value(pool, 'feed', [request.user])));
		app.get('/feed/joined', async (request, reply) => answer(reply, await value(pool, 'feed_joined', [request.user])));
		app.get('/search', { schema: { querystring: { type: 'object', required: ['query'], properties: { query: { type: 'string', minLength: 1, maxLength: 500 } } } } },
			async (request, reply) => answer(reply, await value(pool, 'search', [request.query.query])));
		app.get('/posts/:id', { schema: id }, async (request, reply) => answer(reply, await value(pool, 'post', [request.params.id])));
		app.post('/posts/:id/like', { schema: id }, async (request, reply) => answer(reply, await value(pool, 'like', [request.params.id, request.user])));
		app.post('/posts', {
			schema: {
				body: {
					type: 'object', required: ['title', 'content'],
					properties: { title: { type: 'string', minLength: 1, maxLength: 200 }, content: { type: 'string', minLength: 1, maxLength: 5000 } },
				},
			},
		}, async (request, reply) => {
			const { title, content } = request.body;
			const tags = distinct(content.matchAll(/#([\p{L}\p{N}_]+)/gu));
			const names = distinct(content.matchAll(/@(\w+)/g));
			const client = await pool.connect();
			try {
				await client.query('BEGIN');
				const post = await value(client, 'insert_post', [request.user, title, content]);
				if (tags.length > 0) {
					await value(client, 'insert_hashtags', [tags]);
					await value(client, 'link_hashtags', [post, tags]);
				}
				if (names.length > 0) await value(client, 'mention', [post, names, request.user]);
				const body = await value(client, 'written', [post]);
				await client.query('COMMIT');
				return answer(reply, body, 201);
			} catch (error) {
				await client.query('ROLLBACK');
				throw error;
			} finally {
				client.release();
			}
		});
	});
	await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
}
