// generated.mjs makes documents from the schema, asks the bridge, and has graphql-js judge: whether
// a document is valid, and whether an answer is the one to it. For the latter it executes the document
// over the data that the bridge answered: what comes out is the same text, or a name, a list, a null, an
// enum or a number is not what was asked for.
// usage: node generated.mjs URL COUNT SEED POOL < SDL      prints one JSON object
// POOL is JSON: {"tokens": [...], "values": {"ID": [...], "String": [...], "nodeId": [...]}}, viewers (null is nobody)
// and what arguments may be.
import { readFileSync } from 'node:fs';
import { buildSchema, executeSync, getNamedType, getNullableType, isAbstractType, isEnumType, isLeafType, isListType, isNonNullType, Lexer, parse, Source, TokenKind, validate } from 'graphql';
import { random } from './random.mjs';

const [url, count, seed, pool] = process.argv.slice(2);
const { tokens, values } = JSON.parse(pool);
const schema = buildSchema(readFileSync(0, 'utf8'));
const number = random(Number(seed));
const one = (list) => list[number(list.length)];
const deepest = 4;

// ---- documents -----------------------------------------------------------------------------------

// One operation with its fragments and variables under way.
class Making {
	variables = new Map(); // name: [type, value]
	fragments = [];
	names = 0;
	left = 60; // selections; behind them it comes to an end

	name(prefix) {
		return `${prefix}${this.names++}`;
	}

	literal(type, name) {
		type = getNullableType(type);
		if (isListType(type)) return [this.literal(type.ofType, name), this.literal(type.ofType, name)];
		if (isEnumType(type)) return one(type.getValues()).name;
		if (type.name === 'Int') return 1 + number(3);
		if (type.name === 'Boolean') return number(2) === 1;
		return one(values[name] ?? values[type.name] ?? ['x']);
	}

	text(type, value) {
		type = getNullableType(type);
		if (isListType(type)) return `[${value.map((item) => this.text(type.ofType, item)).join(', ')}]`;
		return isEnumType(type) ? value : JSON.stringify(value);
	}

	// As a literal, or as a variable.
	value(type, name) {
		const value = this.literal(type, name);
		if (number(3)) return this.text(type, value);
		const variable = this.name('v');
		this.variables.set(variable, [type, value]);
		return `$${variable}`;
	}

	arguments(field, parent) {
		const list = [];
		for (const argument of field.args) {
			const isPage = ['first', 'limit'].includes(argument.name);
			if (!isPage && !isNonNullType(argument.type) && (['after', 'before', 'last'].includes(argument.name) || number(2))) continue;
			list.push(`${argument.name}: ${this.value(argument.type, parent.name === 'Query' && /^nodes?$/.test(field.name) ? 'nodeId' : argument.name)}`);
		}
		return list.length ? `(${list.join(', ')})` : '';
	}

	directive() {
		if (number(12)) return '';
		return ` @${one(['skip', 'include'])}(if: ${this.value(schema.getType('Boolean'), 'if')})`;
	}

	field(parent, depth) {
		const fields = Object.values(parent.getFields()).filter((field) => (depth < deepest && this.left > 0) || isLeafType(getNamedType(field.type)));
		if (fields.length === 0) return '__typename';
		const field = one(fields);
		const type = getNamedType(field.type);
		const alias = field.args.length || number(4) === 0 ? `${this.name('f')}: ` : '';
		return `${alias}${field.name}${this.arguments(field, parent)}${this.directive()}${isLeafType(type) ? '' : ` ${this.selections(type, depth + 1)}`}`;
	}

	selection(type, depth) {
		const whole = isAbstractType(type) ? one(schema.getPossibleTypes(type)) : type;
		const kind = this.left-- > 0 ? number(isAbstractType(type) ? 3 : 8) : 2;
		if (kind === 0) return `...${one([` on ${whole.name}`, whole === type ? '' : ` on ${whole.name}`])}${this.directive()} ${this.selections(whole, depth)}`;
		if (kind === 1 && depth > 0) {
			const name = this.name('F');
			this.fragments.push(`fragment ${name} on ${whole.name} ${this.selections(whole, depth)}`);
			return `...${name}${this.directive()}`;
		}
		return type.getFields ? this.field(type, depth) : '__typename';
	}

	// Whose type is found out by its name has it.
	selections(type, depth) {
		const list = Array.from({ length: 1 + number(4) }, () => this.selection(type, depth));
		if (isAbstractType(type)) list.unshift('__typename');
		return `{ ${list.join(' ')} }`;
	}

	query() {
		const body = this.selections(schema.getQueryType(), 0);
		const variables = [...this.variables].map(([name, [type]]) => `$${name}: ${getNullableType(type)}!`);
		return {
			document: `query Q${variables.length ? `(${variables.join(', ')})` : ''} ${body} ${this.fragments.join(' ')}`,
			variables: Object.fromEntries([...this.variables].map(([name, [, value]]) => [name, value])),
		};
	}
}

// The document with one to three of its tokens exchanged for others of its own, doubled, or left out.
function mutated(document) {
	const list = [];
	const lexer = new Lexer(new Source(document));
	for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) list.push(document.slice(token.start, token.end));
	const sort = (token) => (/^[_A-Za-z]/.test(token) ? 'name' : /^["0-9]/.test(token) ? 'value' : token);
	for (let changes = 1 + number(3); changes > 0; changes--) {
		const at = number(list.length);
		const alike = list.filter((token) => sort(token) === sort(list[at]));
		[() => (list[at] = one(alike)), () => (list[at] = one(alike)), () => list.splice(at, 1), () => list.splice(at, 0, list[at])][number(4)]();
	}
	return list.join(' ');
}

// ---- verdicts ------------------------------------------------------------------------------------

function isValid(document) {
	try {
		return validate(schema, parse(document)).length === 0;
	} catch {
		return false;
	}
}

async function ask(document, variables, token) {
	const response = await fetch(url, {
		method: 'POST',
		headers: { Accept: 'application/json', 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
		body: JSON.stringify({ query: document, variables }),
	});
	return { status: response.status, ...(await response.json()) };
}

const at = (data, path) => path.reduce((value, key) => value?.[key], data) ?? null;

// What is wrong with an answer; '' when nothing is.
function wrong({ data, errors = [] }, document, variableValues) {
	if (data === undefined) return `no data: ${errors[0]?.message}`;
	const lost = errors.find(({ path }) => !path || at(data, path) !== null);
	if (lost) return `the error has no path to a null: ${JSON.stringify(lost)}`;
	const again = executeSync({
		schema, document: parse(document), variableValues, rootValue: data,
		fieldResolver: (source, args, context, { path }) => source[path.key],
		typeResolver: ({ __typename }) => __typename,
	});
	if (again.errors) return `${again.errors[0].message} (${again.errors[0].path?.join('.')})`;
	return JSON.stringify(again.data) === JSON.stringify(data) ? '' : `another shape: ${JSON.stringify(again.data)}`;
}

const leaves = (value) => (value && typeof value === 'object' ? Object.values(value).reduce((sum, item) => sum + leaves(item), 0) : value === null ? 0 : 1);
const seen = { valid: 0, invalid: 0, leaves: 0, codes: {}, fields: new Set(), problems: [] };
for (let i = 0; i < Number(count); i++) {
	const { document, variables } = new Making().query();
	const isMutated = i % 2 === 1;
	const text = isMutated ? mutated(document) : document;
	const expected = isValid(text);
	seen[expected ? 'valid' : 'invalid']++;
	const answer = await ask(text, variables, tokens[i % tokens.length]);
	const refused = ['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED'].includes(answer.errors?.[0].extensions.code);
	for (const { extensions } of answer.errors ?? []) seen.codes[extensions.code] = 1 + (seen.codes[extensions.code] ?? 0);
	let problem = '';
	if (answer.status !== 200) problem = `status ${answer.status}`;
	else if (refused === expected) problem = `${expected ? 'valid' : 'invalid'} there, here not: ${answer.errors?.[0].message}`;
	else if (expected && !isMutated) problem = wrong(answer, text, variables);
	if (problem) seen.problems.push({ problem, document: text, variables, answer });
	seen.leaves += leaves(answer.data);
	for (const [name] of document.matchAll(/\w+/g)) seen.fields.add(name);
}
const all = Object.keys(schema.getQueryType().getFields());
console.log(JSON.stringify({ ...seen, fields: all.filter((name) => seen.fields.has(name)).length, all: all.length, problems: seen.problems.slice(0, 5), apart: seen.problems.length }));
