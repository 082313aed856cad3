// openapi_calls.mjs calls every operation of the OpenAPI document that a bridge serves, with values made
// from the document: good ones, none, such of another type, too long ones, hostile ones. Of each answer
// it asks whether the document has its status, and whether its body is as the document says.
// usage: node openapi_calls.mjs <SETTING   prints one JSON object: how many calls, what was wrong
//   url, me, other          accounts with id, username, password, token; me may do everything
//   people                  ids of accounts that may come to harm, one for each operation
//   accounts                such as me, for what ends a session or an account's ways
//   requests                ids of two people who wait for leave to follow me
//   ready                   a file of mine that can be shown
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const { url, me, other, people, accounts, requests, ready } = JSON.parse(readFileSync(0, 'utf8'));
const calls = {}; // how many of each kind
const wrong = [];
const NOBODY = 9007199254740991; // an id that nothing has

// ---- the document --------------------------------------------------------------------------------

const document = await (await fetch(`${url}/api/schema/`)).json();
const general = new Set(document.components.responses.Error['x-statuses']);

// In the document schemas are open, so that clients take no notice of new members. Here they are not.
function close(schema) {
	if (schema && typeof schema === 'object') {
		if (schema.type === 'object' && schema.properties) schema.additionalProperties = false;
		Object.values(schema).forEach(close);
	}
}
const exact = structuredClone(document);
close(exact.components.schemas);
const ajv = addFormats(new Ajv2020({ strict: false, allErrors: false }));
ajv.addSchema(exact, 'document');
const validators = new Map();
function validator(pointer) {
	if (!validators.has(pointer)) validators.set(pointer, ajv.compile({ $ref: `document#${pointer}` }));
	return validators.get(pointer);
}
const part = (name) => name.replaceAll('~', '~0').replaceAll('/', '~1');
const encoded = (pointer) => pointer.split('/').map(encodeURIComponent).join('/');
const resolve = (value) => (value?.$ref ? value.$ref.slice(2).split('/').reduce((at, name) => at[name.replaceAll('~1', '/').replaceAll('~0', '~')], document) : value);

const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => {
	const schema = resolve(operation.requestBody?.content['application/json'].schema);
	const body = Object.entries(schema?.properties ?? {}).map(([name, member]) => ({ name, in: 'body', schema: member, required: schema.required.includes(name) }));
	return { ...operation, path, method: method.toUpperCase(), values: [...operation.parameters, ...body].map((value) => ({ ...value, types: [value.schema.type].flat() })), takesBody: Boolean(schema), mustHaveToken: operation.security.every((one) => one.bearer || one.api_key) && operation.security.length > 0 };
}));

// What is wrong with an answer to an operation.
function problemsOf({ path, method, responses }, status, headers, text) {
	const response = responses[status] ? { at: `/paths/${part(path)}/${method.toLowerCase()}/responses/${status}`, of: responses[status] } : { at: null, of: responses.default };
	if (!responses[status] && !general.has(status)) return `${status} is no status of it`;
	if (status >= 500) return `${status}`;
	const of = resolve(response.of);
	const at = response.of.$ref ? response.of.$ref.slice(1) : response.at;
	const media = headers['content-type']?.split(';')[0];
	if (!of.content) return text ? `${status} has a body` : null;
	if (!of.content[media]) return `${status} comes as ${media}`;
	if (!headers['x-request-id']) return 'no X-Request-Id';
	if (status === 201 && of.headers.Location && !headers.location) return 'no Location';
	let value = text;
	try {
		if (media.endsWith('json')) value = JSON.parse(text);
	} catch {
		return `${status} is no JSON`;
	}
	const validate = validator(encoded(`${at}/content/${part(media)}/schema`));
	return validate(value) ? null : `${status}: ${ajv.errorsText(validate.errors)}`;
}

// ---- calling -------------------------------------------------------------------------------------

// fetch() takes three times the work.
const agent = new Agent({ keepAlive: true, maxSockets: 8 });
function send(method, target, headers, body) {
	return new Promise((done, fail) => {
		const asked = request(url + target, { method, agent, headers: body === undefined ? headers : { ...headers, 'Content-Length': Buffer.byteLength(body) } }, (answer) => {
			let text = '';
			const isStream = answer.headers['content-type'] === 'text/event-stream';
			const finish = () => done({ status: answer.statusCode, headers: answer.headers, text });
			// What goes on has answered once something has been said.
			answer.setEncoding('utf8').on('data', (piece) => { text += piece; if (isStream && text.includes('event: ')) { finish(); asked.destroy(); } }).on('end', finish).on('error', finish);
		});
		asked.on('error', fail).end(body);
	});
}

// values: by place and name ("query.first").
async function call(operation, kind, values, { token = me.token, type = 'application/json', accept, raw, wanted } = {}) {
	let target = operation.path;
	const query = new URLSearchParams();
	const body = {};
	const extra = {};
	for (const [key, value] of Object.entries(values)) {
		const [place, name] = [key.slice(0, key.indexOf('.')), key.slice(key.indexOf('.') + 1)];
		if (value === undefined) continue;
		if (place === 'path') target = target.replace(`{${name}}`, String(value));
		else if (place === 'query') query.set(name, String(value));
		else if (place === 'header') extra[name] = value;
		else body[name] = value;
	}
	if (query.size) target += `?${query}`;
	const sent = raw ?? (operation.takesBody ? JSON.stringify(body) : undefined);
	if (operation.operationId === 'streamsWebhook') wanted = (got) => got === 403; // what is not signed is not read
	const { status, headers, text } = await send(operation.method, target, { ...extra, ...(token && { Authorization: `Bearer ${token}` }), ...(sent !== undefined && { 'Content-Type': type }), ...(accept && { Accept: accept }) }, sent);
	calls[kind] = (calls[kind] ?? 0) + 1;
	const problem = problemsOf(operation, status, headers, text) ?? (wanted && !wanted(status, text) ? `${status} is not what is to come` : null);
	if (problem) wrong.push(`${operation.operationId} ${kind} ${operation.method} ${target.slice(0, 100)} ${(sent ?? '').slice(0, 150)}: ${problem} ${text.slice(0, 200)}`);
	return { status, json: () => JSON.parse(text) };
}

const byId = Object.fromEntries(operations.map((operation) => [operation.operationId, operation]));
async function made(operationId, values, token) {
	const answer = await call(byId[operationId], 'needed', values, { token, wanted: (status) => status < 300 });
	return answer.json();
}

// ---- good values ---------------------------------------------------------------------------------

const ok = (status) => status < 300;
const refused = (status) => status >= 400;
let number = 0;

const freshAccount = () => accounts.shift();
const post = (token, more = {}) => made('postsCreate', { 'body.title': 'A post', 'body.content': 'With a #first hashtag', ...more }, token).then(({ id }) => id);
const comment = (token, postId) => made('commentsCreate', { 'path.post_id': postId, 'body.content': 'A comment' }, token).then(({ id }) => id);
const nextPerson = () => people.shift();

// What an operation is called for: values of its path, and what generic values are not good enough for.
const once = (make) => { let value; return () => (value ??= make()); };
const aPost = once(() => post(me.token));
const aComment = once(async () => comment(me.token, await aPost()));
const aNotification = once(async () => {
	await made('postsLike', { 'path.id': await post(me.token) }, other.token);
	return (await made('notificationsList', {}, me.token)).results[0].id;
});
const aReport = async () => (await made('postsReport', { 'path.id': await post(me.token), 'body.reason': 'spam' }, other.token)).id;
const aMedia = async (size = 1) => (await made('mediaReserve', { 'body.file_name': 'a.png', 'body.content_type': 'image/png', 'body.size': size }, me.token)).media_id;
const aStream = async () => (await made('streamsCreate', { 'body.title': 'A stream' }, me.token)).id;
const keyOf = { 'body.password': me.password, 'body.name': 'A key', 'body.scopes': ['read'] };
const aKey = once(() => made('keysCreate', keyOf, me.token));
const aWebhook = async () => (await made('webhooksCreate', { 'body.url': 'https://example.com/hook' }, me.token)).id;
const setting = {
	register: () => ({ 'body.username': `${me.username}_r${++number}`, 'body.email': `${me.username}_r${number}@example.com` }),
	login: () => ({ 'body.username': me.username, 'body.password': me.password }),
	refresh: () => ({ 'body.refresh': freshAccount().refresh }),
	tokenVerify: () => ({ 'body.token': me.token }),
	logout: () => ({ token: freshAccount().token }),
	logoutAll: () => ({ token: freshAccount().token }),
	emailRequest: () => ({ token: freshAccount().token }),
	accountDelete: () => ({ token: freshAccount().token, 'body.password': me.password }),
	accountEnd: () => ({ token: freshAccount().token, 'body.password': me.password }),
	passwordChange: () => ({ token: freshAccount().token, 'body.old_password': me.password }),
	totpEnable: () => ({ token: freshAccount().token }),
	totpDisable: () => ({ 'body.password': me.password }),
	keysCreate: () => ({ token: freshAccount().token, ...keyOf }),
	keysRevoke: async () => ({ 'path.id': (await made('keysCreate', keyOf, me.token)).id }),
	keysCurrent: async () => ({ token: (await aKey()).token }),
	consentsGive: () => ({ 'body.document': 'terms' }),
	consentsWithdraw: async () => { await made('consentsGive', { 'body.document': 'terms' }); return { 'body.document': 'terms' }; },
	sessionsRevoke: async () => {
		const { token } = freshAccount();
		return { token, 'path.id': (await made('sessionsList', {}, token)).results[0].id };
	},
	exportGet: async () => { await made('exportRequest', {}, other.token); return { token: other.token }; },
	exportDelete: async () => { await made('exportRequest', {}, me.token); return {}; }, // nobody else asks for this one's
	postsRestore: async () => {
		const id = await post(me.token);
		await made('postsDelete', { 'path.id': id });
		return { 'path.id': id };
	},
	postsPublish: async () => ({ 'path.id': await post(me.token, { 'body.is_published': false }) }),
	postsSetSubjects: async () => ({ 'path.id': await post(me.token), 'body.subjects': [] }),
	postsStates: async () => ({ 'query.ids': await post(me.token) }),
	usersRelations: () => ({ 'query.ids': other.id }),
	usersLookup: () => ({ 'query.username': other.username }),
	eventsStream: () => ({ 'query.topics': 'feed' }),
	hashtagsGet: async () => { await post(me.token); return {}; },
	followRequestsAccept: () => ({ 'path.id': requests[0] }),
	followRequestsReject: () => ({ 'path.id': requests[1] }),
	notificationsReadMany: async () => ({ 'body.ids': [await aNotification()] }),
	notificationsUnreadMany: async () => ({ 'body.ids': [await aNotification()] }),
	contentRulesAdd: () => ({ 'body.pattern': `word${me.id}x` }),
	contentRulesRemove: async () => ({ 'path.id': (await made('contentRulesAdd', { 'body.kind': 'word', 'body.pattern': `word${me.id}y${++number}`, 'body.action': 'flag' })).id }),
};
setting.graphqlGet = () => ({ 'query.query': '{ __typename }' });
setting.graphqlPost = () => ({ 'body.query': '{ __typename }' });
for (const id of ['accountReplace', 'accountUpdate', 'accountProfile'])
	setting[id] = () => { const { token, username } = freshAccount(); return { token, 'body.username': username, 'body.email': `${username}@example.com`, 'body.current_password': me.password }; };
const unmet = new Map(Object.entries({ passwordReset: 401, emailVerify: 401, totpConfirm: 409, totpDisable: 409, totpRecovery: 409, streamsTakeKey: 409 })); // what they need was mailed, is a code, or a key of Mux's

// The values of a path, by how it begins.
const others = /(report|like|repost|share|bookmark)\/$/;
const placed = [
	[/^\/api\/posts\/posts\/\{post_id\}\/comments\/\{id\}\//, async ({ path, method }) => {
		const postId = await aPost();
		return { 'path.post_id': postId, 'path.id': method === 'GET' ? await aComment() : await comment(others.test(path) ? other.token : me.token, postId) };
	}],
	[/^\/api\/posts\/posts\/\{post_id\}\//, async () => ({ 'path.post_id': await aPost() })],
	[/^\/api\/posts\/posts\/\{id\}\//, async ({ path, method }) => ({ 'path.id': method === 'GET' ? await aPost() : await post(others.test(path) ? other.token : me.token) })],
	[/^\/api\/moderation\/posts\//, async () => ({ 'path.id': await post(other.token) })],
	[/^\/api\/moderation\/comments\//, async () => ({ 'path.id': await comment(other.token, await aPost()) })],
	[/^\/api\/moderation\/users\//, () => ({ 'path.id': nextPerson() })],
	[/^\/api\/moderation\/reports\/\{id\}\//, async () => ({ 'path.id': await aReport() })],
	[/^\/api\/accounts\/users\/\{id\}\//, () => ({ 'path.id': nextPerson() })],
	[/^\/api\/media\/\{id\}\/cookies\//, () => ({ 'path.id': ready })],
	[/^\/api\/media\/\{id\}\/parts\//, async () => ({ 'path.id': await aMedia(17000000) })],
	[/^\/api\/posts\/live\/stream\/\{id\}\/chat\/\{message_id\}\//, async () => { const id = await aStream(); return { 'path.id': id, 'path.message_id': (await made('streamsChatSend', { 'path.id': id, 'body.content': 'said' }, me.token)).id }; }],
	[/^\/api\/posts\/live\/stream\/(watch\/)?\{id\}\//, async () => ({ 'path.id': await aStream(), 'body.user_id': other.id })],
	[/^\/api\/accounts\/webhooks\/deliveries\/\{id\}\//, async () => ({ 'path.id': (await made('webhooksTest', { 'path.id': await aWebhook() }, me.token)).id })],
	[/^\/api\/accounts\/webhooks\/\{id\}\//, async () => ({ 'path.id': await aWebhook() })],
	[/^\/api\/media\/\{id\}\//, async () => ({ 'path.id': await aMedia() })],
	[/^\/api\/notifications\/\{id\}\//, async () => ({ 'path.id': await aNotification() })],
];

for (const [kind, named] of [['leagues', { 'body.name': 'FC' }], ['teams', { 'body.name': 'FC' }], ['athletes', { 'body.first_name': 'Ida', 'body.last_name': 'Strand' }]]) {
	setting[`${kind}Create`] = () => named;
	setting[`${kind}Lookup`] = async () => ({ 'query.slug': (await made(`${kind}Create`, named)).slug });
	placed.push([new RegExp(`^/api/sports/${kind}/\\{id\\}/`), async () => ({ 'path.id': (await made(`${kind}Create`, named)).id })]);
}

let links = 0;
const aLink = async () => ({ 'body.id': (await made('leaguesCreate', { 'body.name': 'FC' })).id, 'body.provider': 'statsfeed', 'body.external_id': `l${++links}` });
setting.sportsLink = aLink;
setting.sportsUnlink = aLink;
setting.sportsByExternalId = async () => {
	const link = await aLink();
	await made('sportsLink', link);
	return { 'query.provider': 'statsfeed', 'query.kind': 'league', 'query.external_id': link['body.external_id'] };
};

// A good value for a parameter; undefined where nothing is known.
function goodValue({ name, types, schema }) {
	const of = schema.items ?? schema;
	const value = of.default ?? of.enum?.find((word) => word !== null) ?? of.examples?.[0]
		?? (types.includes('boolean') ? true : types.includes('integer') ? of.minimum : types.includes('string') && !of.format ? 'x'.repeat(Math.max(of.minLength ?? 1, 1)) : undefined);
	return value !== undefined && schema.items ? [value] : value;
}

// What a path names that none of these knows is a person.
const nameRest = (operation, own) => Object.fromEntries(operation.values.filter((value) => value.in === 'path' && own[`path.${value.name}`] === undefined).map(({ name }) => [`path.${name}`, other.id]));

// What the operation is called with when all is well, and by whom.
async function prepare(operation) {
	const place = placed.find(([pattern]) => pattern.test(operation.path));
	const { token = me.token, ...own } = { ...(place && !(setting[operation.operationId] && operation.path.includes('{id}')) ? await place[1](operation) : {}), ...(await setting[operation.operationId]?.()) };
	const values = Object.fromEntries(operation.values.filter(({ required }) => required).map((value) => [`${value.in}.${value.name}`, own[`${value.in}.${value.name}`] ?? goodValue(value)]));
	return { values: { ...values, ...own, ...nameRest(operation, own) }, token };
}

// ---- bad values ----------------------------------------------------------------------------------

const hostile = ["'; DROP TABLE social.users; --", '<script>alert(1)</script>', '../../../../etc/passwd', '\u202e\u200b\ufeff', '%s%n%00', '💥'.repeat(40), '{"$gt":""}', '\\', ' ', ''];
const notStored = ['a\u0000b', '\ud800', '\ufffe\u0007'];
const badKeys = ['two words', 'a,b', '"', 'x'.repeat(256), 'caf\u00e9'];
const badHeaders = {
	'Idempotency-Key': (isGraphQL) => [['bad key', some(badKeys, 1)[0], (status) => refused(status) || isGraphQL]], // a query takes none
	'If-Match': () => [['another version', '"1.0"', (status) => status === 412], ['no tag', 'x', refused]],
	'If-None-Match': () => [['what is had', '*', (status) => status === 304], ['another tag', 'W/"1", x', ok]],
};
const badIds = ['x', '0', '-1', '1.5', '9007199254740992', '%00', '%2e%2e%2f', 'é', '1%20OR%201=1'];
const hardNumbers = [0, -1, 1.5, 2 ** 31, 2 ** 53, 1e300];
const mistyped = { string: [5, ['x'], {}], integer: ['5', 1.5, true], boolean: ['true', 1, []], array: ['1', {}, [1, 'x']], object: ['x', [], 5], document: ['x', 5, true] };

// Of a list that all operations share another part each time.
const turns = new Map();
function some(list, count) {
	const turn = turns.get(list) ?? 0;
	turns.set(list, turn + count);
	return Array.from({ length: Math.min(count, list.length) }, (_, i) => list[(turn + i) % list.length]);
}

// What is wrong with it, the value, and what is to come.
function badValues({ name, types, schema, in: place, required }, isGraphQL) {
	const type = types.includes('object') && types.includes('array') ? 'document' : types[0];
	const of = schema.items ?? schema;
	const isText = type === 'string';
	const isBody = place === 'body';
	const wrap = (one) => (schema.items && isBody ? [one] : one);
	const is400 = (status) => status === 400;
	if (place === 'header') return badHeaders[name]?.(isGraphQL) ?? [];
	if (place === 'path') return some(badIds, 2).map((bad) => ['bad id', bad, refused]);
	return [
		...(required ? [['missing', undefined, is400]] : []),
		...(isBody ? some(mistyped[type], 1).map((bad) => ['of another type', bad, is400]) : isText ? [] : [['of another type', 'five', is400]]),
		...(isBody ? [['null', null, (status) => (required || !types.includes('null')) === (status === 400)]] : []),
		...(isText && of.maxLength ? [['too long', 'x'.repeat(of.maxLength + 1), refused]] : []),
		...(isText && of.maxLength && !of.pattern && !of.enum ? [['as long as it may be', 'x'.repeat(of.maxLength), (status, text) => !/too long/.test(text)]] : []),
		...(of.maximum ? [['too large', wrap(of.maximum + 1), refused]] : []),
		...(of.maximum < 1000 ? [['as large as it may be', wrap(of.maximum), ok]] : []),
		...(of.minimum ? [['too small', wrap(of.minimum - 1), refused]] : []),
		...(schema.maxItems ? [['too many', Array(schema.maxItems + 1).fill(1), refused]] : []),
		...(of.enum ? [['none of its words', 'no such word', refused]] : []),
		...(of.format === 'date-time' ? [['no time', 'tomorrow', is400], ['no such day', '2030-02-31T00:00:00Z', is400]] : []),
		...(of.format === 'email' ? [['no address', 'nobody', refused]] : []),
		...(of.pattern ? [['of another form', 'no such form!', refused]] : []),
		...(type === 'integer' ? some(hardNumbers, 2).map((one) => ['hard number', isBody ? one : String(one)]) : []),
		...(isText ? some(notStored, 1).map((text) => ['not to be stored', text]) : []),
		...(isText ? some(hostile, 2).map((text) => ['hostile', text]) : []),
	];
}

// Those of an operation: of each kind a few, another few each time.
// A password is dear to check.
const most = { 'missing': 4, 'too long': 6, 'too large': 4, 'none of its words': 3, 'as long as it may be': 2 };
const turnOf = {};
function badCalls({ values, path }, isDear) {
	const kinds = {};
	for (const value of values) {
		for (const [kind, bad, wanted] of badValues(value, path === '/graphql/')) (kinds[kind] ??= []).push([kind, { [`${value.in}.${value.name}`]: bad }, wanted]);
		if (value.in === 'path') (kinds['of nobody'] ??= []).push(['of nobody', { [`path.${value.name}`]: NOBODY }, (status) => status === 404]);
	}
	return Object.entries(kinds).flatMap(([kind, list]) => {
		const from = turnOf[kind] ?? 0;
		const count = Math.min(isDear ? 1 : most[kind] ?? 2, list.length);
		turnOf[kind] = from + count;
		return Array.from({ length: count }, (_, i) => list[(from + i) % list.length]);
	});
}

// Bytes that are no JSON object, in place of a body.
const badBodies = ['{', '[]', 'null', '"x"', '{"a":1,"a":2}', `{"a":${'['.repeat(3000)}`, '{"a":1e999}', '{} {}', '\xff\xfe'];

// ---- all of it -----------------------------------------------------------------------------------

const spent = new Set(['register', 'refresh', 'logout', 'logoutAll', 'passwordChange', 'accountDelete', 'accountEnd', 'totpEnable', 'sessionsRevoke', 'reportsResolve', 'contentRulesRemove', 'postsRestore', 'postsPublish', 'postsDelete', 'commentsDelete', 'mediaDelete', 'exportDelete', 'streamsDelete', 'webhooksDelete', 'streamsEnd', 'streamsChatDelete', 'leaguesDelete', 'teamsDelete', 'athletesDelete', 'athletesUpdate']);
let turn = 0;
async function tryOperation(operation) {
	let { values, token } = await prepare(operation);
	const isDear = operation.values.some(({ name, schema }) => name === 'password' || schema.format === 'password');
	// What a call has used up is made anew.
	const renew = async () => { if (spent.has(operation.operationId)) ({ values, token } = await prepare(operation)); };
	async function bad(kind, changed, options) {
		if (ok((await call(operation, kind, { ...values, ...changed }, { token, ...options })).status)) await renew();
	}
	for (const [kind, changed, wanted] of badCalls(operation, isDear)) await bad(kind, changed, { wanted, accept: ++turn % 2 ? 'application/problem+json' : undefined });
	if (operation.takesBody) {
		for (const raw of some(badBodies, 2)) await bad('no JSON object', {}, { raw, wanted: (status) => status === 400 });
		await bad('of another media type', {}, { type: 'text/plain', raw: '{"a":1}', wanted: (status) => status === 415 });
		if (operation.requestBody.required) await bad('without a body', {}, { raw: '', wanted: (status) => status === 400 });
	}
	if (operation.mustHaveToken) {
		await call(operation, 'without a token', values, { token: null, wanted: (status) => status === 401 });
		if (turn % 4 === 0) await call(operation, 'with a bad token', values, { token: `${token.slice(0, -4)}AAAA`, wanted: (status) => status === 401 });
	}
	await renew();
	const known = Object.fromEntries(operation.values.filter(({ name }) => !['after', 'before', 'parent_comment', 'user_id', 'actor_id', 'documentId'].includes(name)).map((value) => [`${value.in}.${value.name}`, goodValue(value)]));
	await bad('with all there is', { ...known, ...values });
	const status = unmet.get(operation.operationId);
	const good = await call(operation, 'good', values, { token, wanted: status ? (got) => got === status : ok });
	if (operation.responses[200]?.links?.next && ok(good.status)) lists.push(operation.operationId);
}
const lists = [];

// One page leads to the next and back, by the links of the document.
async function tryPages() {
	const list = byId.postsList;
	const first = (await call(list, 'page', { 'query.first': 2 }, { wanted: ok })).json();
	const { links } = list.responses[200];
	const next = (await call(byId[links.next.operationId], 'page', { 'query.first': 2, [`query.${Object.keys(links.next.parameters)[0]}`]: first.next }, { wanted: ok })).json();
	const back = (await call(byId[links.previous.operationId], 'page', { 'query.first': 2, [`query.${Object.keys(links.previous.parameters)[0]}`]: next.previous }, { wanted: ok })).json();
	const ids = (page) => page.results.map(({ id }) => id).join();
	if (ids(back) !== ids(first) || ids(next) === ids(first)) wrong.push(`pages: ${ids(first)} then ${ids(next)} and back ${ids(back)}`);
	// A cursor of another list is refused.
	await call(byId.usersList, 'cursor of another list', { 'query.after': first.next }, { wanted: (status) => status === 400 });
}

const large = { raw: `{"title":"${'x'.repeat(1 << 20)}"}`, wanted: (status) => status === 413 };
await call(byId.postsCreate, 'too large', {}, large);
const queue = [...operations];
await Promise.all(Array.from({ length: 6 }, async () => {
	for (let operation; (operation = queue.shift());) {
		try {
			await tryOperation(operation);
		} catch (error) {
			wrong.push(`${operation.operationId}: ${error.stack}`);
		}
	}
}));
await tryPages();
agent.destroy();
console.log(JSON.stringify({ calls, lists: lists.length, operations: operations.length, wrong }));
