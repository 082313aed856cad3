// graphql.mjs asks the reference implementation of GraphQL, and the audits of GraphQL over HTTP.
// usage: node graphql.mjs corpus COUNT SEED      lines of {"document", "parses"}: documents of every part of the grammar,
//                                                and what becomes of them when a few tokens change
//        node graphql.mjs rules COUNT SEED < SDL lines of {"document", "fails"}: requests to the product's schema, with a few
//                                                names and values exchanged, and whether parsing or validation refuses them
//        node graphql.mjs breaks OLD NEW         lines of {"type", "description"}: what clients of the schema in one file would
//                                                miss in the other
//        node graphql.mjs audit URL              lines of {"id", "name", "status", "reason"}
import { readFileSync } from 'node:fs';
import { buildSchema, findBreakingChanges, parse, validate, Source, Lexer, TokenKind } from 'graphql';
import { serverAudits } from 'graphql-http';
import { random } from './random.mjs';

const whole = [
	'query Q($a: [ID!]! = ["1", 2] @x(y: {z: null}), $b: Boolean) @d { a: b(c: $a, d: 1.5e3, e: E) @skip(if: $b) { ...F ... on T @d { f } ... { g } ... @d { h } } }',
	'{ a }', 'mutation M { a(b: """block""", c: "\\u{1F600}\\n", d: [], e: {}) { c } }', 'subscription { a }', 'fragment F on T @d { a }',
	'"what it is" query Q("why" $a: Int) { a } """more""" fragment F on T { a }',
	'"words" schema @d { query: Q mutation: M subscription: S }', 'extend schema @d { query: Q }', 'extend schema @d',
	'"words" scalar S @d', 'extend scalar S @d',
	'"words" type T implements & I & J @d { "words" f("words" a: Int = 1 @d, b: [S!]): [T] @d }', 'type T', 'type T implements I', 'extend type T implements I', 'extend type T @d', 'extend type T { f: Int }',
	'"words" interface I implements J & K @d { f: Int! }', 'interface I', 'extend interface I @d', 'extend interface I implements J { f: Int }',
	'"words" union U @d = | A | B', 'union U', 'extend union U = A', 'extend union U @d',
	'"words" enum E @d { "words" A @d B true_ }', 'enum E', 'extend enum E { A }', 'extend enum E @d',
	'"words" input I @d { "words" a: Int = -1 @d b: [E!]! = [A B] }', 'input I', 'extend input I { a: Int }', 'extend input I @d(a: 1)',
	'"words" directive @d("words" a: Int = 1) repeatable on | FIELD | ENUM_VALUE | QUERY', 'directive @d on SCHEMA',
];
const words = [
	...'{ } ( ) [ ] : = ! | & @ $ ... on query mutation subscription fragment type extend schema scalar interface implements union enum input directive repeatable'.split(' '),
	...'true false null QUERY FIELD FIELD_DEFINITION OBJECT VARIABLE_DEFINITION ARGUMENT_DEFINITION INPUT_FIELD_DEFINITION A b __c 0 -1 00 1.0 1. 1e5 1e "" "x" """y""" "\\u00" # , \uFEFF .. ?'.split(' '),
];

const requests = [
	'query Q($n: Int = 5, $id: ID!, $on: Boolean!) { allPosts(first: $n) { id title author { username posts(first: 2) { id } } hashtags { tag } } post(id: $id) { ...F @include(if: $on) } } fragment F on Post { id a: title comments(first: 1) { id content author { id } replies { id } } }',
	'{ a: searchPostsFts(query: "x", first: 3) { id title } b: hashtagPosts(tag: "y") { ... on Post { id } ... { title } } }',
	'mutation M($t: String!, $c: String!) { createPost(title: $t, content: $c) { post { id title mentions { mentionedUser { username } } } success message } likePost(postId: 1) { success } }',
	'{ __schema { types { name kind fields { name type { name ofType { name } } } } } __type(name: "Post") { name } __typename }',
	'query A { user(id: 1) { id } } query B { me { id bio } }',
	'{ userPosts(userId: "1", first: 1) { __typename id } trendingHashtags(limit: 3) { tag postCount } hashtags { tag } userMentions(userId: 1) { id } }',
	'{ me { id ...G } } fragment G on User { posts { ...H } } fragment H on Post { author { username } }',
	'mutation { login(username: "a", password: "b") { access refresh } followUser(userId: 3) { success } }',
];
const values = ['1', '-1', '1.5', '"x"', 'true', 'null', '[1]', '{}', '{a: 1}', '$n', '$id', '$on', '$t', 'ENUM', '99999999999', '[$n]'];
const selections = ['id', '__typename', '...F', 'x: id', 'id @skip(if: true)', '... on User { id }', 'author { id }', 'title @include(if: $on)', 'posts(first: 1) { id }', 'posts { id }'];

function tokens(document) {
	const lexer = new Lexer(new Source(document));
	const list = [];
	for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) list.push(document.slice(token.start, token.end));
	return list;
}

function parses(document) {
	try {
		return Boolean(parse(document, { noLocation: true }));
	} catch {
		return false;
	}
}

function change(list, number) {
	const at = number(list.length + 1);
	const word = words[number(words.length)];
	[() => list.splice(at, 1), () => list.splice(at, 0, word), () => list.splice(at, 1, word), () => list.splice(at, 0, ...list.slice(at, at + 1 + number(4))), () => list.splice(at, 1 + number(5))][number(5)]();
}

// Exchanges one token for another of its sort, so that most of what comes out still parses.
function exchange(list, number) {
	const at = number(list.length);
	const names = list.filter(token => /^[_A-Za-z]/.test(token));
	if (/^[_A-Za-z]/.test(list[at])) list[at] = names[number(names.length)];
	else if (/^["0-9]/.test(list[at])) list[at] = values[number(values.length)];
	else if (list[at] === '$') list[at + 1] = ['n', 'id', 'on', 't', 'c', 'x'][number(6)];
	else if (list[at] === '!') list.splice(at, 1);
	else if (list[at] === ')') list.splice(at, 0, ['first', 'id', 'query', 'x'][number(4)], ':', values[number(values.length)]);
	else if (list[at] === '}') list.splice(at, 0, selections[number(selections.length)]);
}

const commands = {
	rules(count, seed) {
		const schema = buildSchema(readFileSync(0, 'utf8'));
		const number = random(Number(seed));
		for (let i = 0; i < count; i++) {
			const list = tokens(requests[i % requests.length]);
			for (let changes = i < requests.length ? 0 : 1 + number(3); changes > 0; changes--) exchange(list, number);
			const document = list.join(' ');
			console.log(JSON.stringify({ document, fails: !parses(document) || validate(schema, parse(document)).length > 0 }));
		}
	},
	corpus(count, seed) {
		const number = random(Number(seed));
		for (let i = 0; i < count; i++) {
			const list = tokens(whole[i % whole.length]);
			if (number(4) === 0) list.push(...tokens(whole[number(whole.length)]));
			for (let changes = i < whole.length ? 0 : 1 + number(3); changes > 0; changes--) change(list, number);
			const document = list.join(number(2) ? ' ' : '\n');
			console.log(JSON.stringify({ document, parses: parses(document) }));
		}
	},
	breaks(old, now) {
		const [before, after] = [old, now].map(file => buildSchema(readFileSync(file, 'utf8')));
		for (const change of findBreakingChanges(before, after)) console.log(JSON.stringify(change));
	},
	async audit(url) {
		for (const audit of serverAudits({ url })) {
			const { status, reason } = await audit.fn();
			console.log(JSON.stringify({ id: audit.id, name: audit.name, status, reason }));
		}
	},
};

const [command, ...args] = process.argv.slice(2);
await commands[command](...args);
