// asyncapi.mjs holds an AsyncAPI document against the published JSON Schema of AsyncAPI, its references against
// what there is, and messages against their payloads in it; prints what is wrong as {document, messages}.
// usage: node asyncapi.mjs FILE      FILE: {document, messages} as JSON
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';

const { document, messages } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const specs = createRequire(import.meta.url)('@asyncapi/specs');
const seen = { document: [], messages: [] };

function validator(schema, options) {
	const ajv = new Ajv({ strict: false, allErrors: true, ...options });
	addFormats(ajv);
	return ajv.compile(schema);
}
const told = (validate) => validate.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);

const isDocument = validator(specs.schemasWithoutId[document.asyncapi]);
if (!isDocument(document)) seen.document.push(...told(isDocument));

// Every reference leads somewhere.
const at = (pointer) => pointer.slice(2).split('/').reduce((place, name) => place?.[name], document);
(function look(value) {
	if (value === null || typeof value !== 'object') return;
	if (typeof value.$ref === 'string' && at(value.$ref) === undefined) seen.document.push(`${value.$ref} leads nowhere`);
	Object.values(value).forEach(look);
})(document);

const payloads = Object.fromEntries(Object.entries(document.components.messages).map(([type, { payload }]) =>
	[type, validator({ ...payload, components: document.components })]));
for (const message of messages) {
	const validate = payloads[message.type];
	if (!validate?.(message)) seen.messages.push(`${message.type}: ${validate ? told(validate).join(', ') : 'no such type'}`);
}
console.log(JSON.stringify(seen));
