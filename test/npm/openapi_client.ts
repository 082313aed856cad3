// openapi_client.ts is a client as a team would write it, on the types that openapi-typescript makes of the
// OpenAPI document, and openapi-fetch. What it should not be able to write is marked: where the compiler
// lets it pass, that is an error.
import createClient, { type Middleware } from 'openapi-fetch';
import type { components, paths } from './schema.d.ts';

type Post = components['schemas']['Post'];
type Failure = components['schemas']['Error'] | components['schemas']['Problem'];

export interface Seen {
	created: Pick<Post, 'title' | 'hashtags' | 'likes_count'> & { again: boolean };
	pages: number[][];
	liked: { liked: boolean; likes_count: number | null };
	comment: { content: string; author: string | undefined };
	following: boolean;
	feed: string[];
	edited: string;
	failures: Record<string, { status: number; code: string }>;
}

// A person with a session; failures are exceptions but where a caller looks at them.
async function open(baseUrl: string, username: string) {
	const client = createClient<paths>({ baseUrl });
	const password = 'correct horse battery';
	await expect(client.POST('/api/auth/register/', { body: { username, password, email: `${username}@example.com` } }));
	const { access, user } = await expect(client.POST('/api/auth/login/', { body: { username, password } }));
	const authentication: Middleware = { onRequest: ({ request }) => void request.headers.set('Authorization', `Bearer ${access}`) };
	client.use(authentication);
	return { client, id: user.id };
}

async function expect<T>(answer: Promise<{ data?: T; error?: Failure; response: Response }>): Promise<T> {
	const { data, error, response } = await answer;
	if (error || data === undefined) throw new Error(`${response.status} ${error?.error ?? 'nothing'} (${error?.code ?? ''}) ${response.url}`);
	return data;
}

async function failure(answer: Promise<{ error?: Failure; response: Response }>) {
	const { error, response } = await answer;
	return { status: response.status, code: error?.code ?? 'none' };
}

export async function session(baseUrl: string, name: string): Promise<Seen> {
	const alice = await open(baseUrl, `${name}_a`);
	const bob = await open(baseUrl, `${name}_b`);

	// Sent twice, done once.
	const write = (title: string, key?: string) => alice.client.POST('/api/posts/posts/', {
		params: { header: { 'Idempotency-Key': key } },
		body: { title, content: 'This is my #first post', visibility: 'public' },
	});
	const first = await expect(write('number 1', `${name}-key`));
	const again = await write('number 1', `${name}-key`);
	for (let i = 2; i <= 5; i++) await expect(write(`number ${i}`));

	// All pages of hers, two posts at a time.
	const pages: number[][] = [];
	for (let after: string | null | undefined; after !== null; ) {
		const page = await expect(bob.client.GET('/api/accounts/users/{id}/posts/', { params: { path: { id: alice.id }, query: { first: 2, after } } }));
		pages.push(page.results.map((post) => Number(post.title.slice(7))));
		after = page.next;
	}

	const params = { path: { id: first.id } };
	const liked = await expect(bob.client.POST('/api/posts/posts/{id}/like/', { params, body: { reaction: 'heart' } }));
	const comment = await expect(bob.client.POST('/api/posts/posts/{post_id}/comments/', { params: { path: { post_id: first.id } }, body: { content: 'Well said' } }));
	const { following } = await expect(bob.client.POST('/api/accounts/users/{id}/follow/', { params: { path: { id: alice.id } }, body: { following: true } }));
	const feed = await expect(bob.client.GET('/api/posts/feed/', { params: { query: { first: 3 } } }));

	// Two have read the same post and write: the second is told.
	const read = await alice.client.GET('/api/posts/posts/{id}/', { params });
	const ifMatch = { ...params, header: { 'If-Match': read.response.headers.get('ETag') ?? '' } };
	const edited = await expect(alice.client.PATCH('/api/posts/posts/{id}/', { params: ifMatch, body: { title: 'edited' } }));
	const lost = await failure(alice.client.PATCH('/api/posts/posts/{id}/', { params: ifMatch, body: { title: 'lost' } }));

	const stranger = createClient<paths>({ baseUrl });
	const failures = {
		lost,
		missing: await failure(bob.client.GET('/api/posts/posts/{id}/', { params: { path: { id: 9007199254740991 } } })),
		foreign: await failure(bob.client.DELETE('/api/posts/posts/{id}/', { params })),
		taken: await failure(stranger.POST('/api/auth/register/', { body: { username: `${name}_a`, password: 'correct horse battery', email: `${name}_c@example.com` } })),
		wrong: await failure(stranger.POST('/api/auth/login/', { body: { username: `${name}_a`, password: 'not this one' } })),
		stranger: await failure(stranger.POST('/api/posts/posts/', { body: { title: 'x', content: 'y' } })),
		empty: await failure(alice.client.POST('/api/posts/posts/', { body: { title: '', content: '' } })),
		page: await failure(bob.client.GET('/api/posts/feed/', { params: { query: { first: 101 } } })),
	};

	// What no compiler lets pass; none of it is run.
	void (async () => {
		// @ts-expect-error there is no such path
		await alice.client.GET('/api/posts/nothing/');
		// @ts-expect-error a page has so many rows, not "five"
		await alice.client.GET('/api/posts/posts/', { params: { query: { first: 'five' } } });
		// @ts-expect-error what must be there
		await alice.client.POST('/api/posts/posts/', { body: { title: 'without content' } });
		// @ts-expect-error a word that is none of them
		await alice.client.PATCH('/api/posts/posts/{id}/', { params, body: { visibility: 'everybody' } });
		// @ts-expect-error who wrote it may not be known
		first.author.username.length;
		// @ts-expect-error nothing of that name is answered
		first.subject;
	});

	return {
		created: { title: first.title, hashtags: first.hashtags, likes_count: first.likes_count, again: again.data?.id === first.id && again.response.headers.get('Idempotent-Replayed') === 'true' },
		pages,
		liked: { liked: liked.liked, likes_count: liked.likes_count },
		comment: { content: comment.content, author: comment.author?.username },
		following,
		feed: feed.results.map(({ title }) => title),
		edited: edited.title,
		failures,
	};
}
