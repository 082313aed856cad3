// graphql.mjs asks the reference implementation of GraphQL, and the audits of GraphQL over HTTP.
// usage: node graphql.mjs corpus COUNT SEED      lines of {"document", "parses"}: documents of every part of the grammar,
//                                                and what becomes of them when a few tokens change
//        node graphql.mjs audit URL              lines of {"id", "name", "status", "reason"}
import { parse, Source, Lexer, TokenKind } from 'graphql';
import { serverAudits } from 'graphql-http';

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

// A generator of numbers that is the same everywhere (mulberry32).
function random(seed) {
	return below => {
		seed = (seed + 0x6d2b79f5) | 0;
		let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) % below;
	};
}

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

const commands = {
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
	async audit(url) {
		for (const audit of serverAudits({ url })) {
			const { status, reason } = await audit.fn();
			console.log(JSON.stringify({ id: audit.id, name: audit.name, status, reason }));
		}
	},
};

const [command, ...args] = process.argv.slice(2);
await commands[command](...args);
