// openapi_client.mjs makes a TypeScript client of an OpenAPI document, has openapi_client.ts, which uses
// it, checked by the compiler, and runs that. Prints one JSON object.
// usage: node openapi_client.mjs FILE DIRECTORY URL NAME      what is made goes to the directory
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';

const [file, directory, url, name] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url)); // Debian 12's Node.js has no import.meta.dirname
const source = join(directory, 'client.ts');
const schema = astToString(await openapiTS(JSON.parse(readFileSync(file, 'utf8')), { defaultNonNullable: false }));
mkdirSync(directory, { recursive: true });
writeFileSync(join(directory, 'schema.d.ts'), schema);
writeFileSync(source, readFileSync(join(here, 'openapi_client.ts')));

const fetcher = 'openapi-fetch';
const program = ts.createProgram([source], {
	target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, lib: ['lib.es2022.d.ts', 'lib.webworker.d.ts', 'lib.webworker.iterable.d.ts'],
	strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: false, skipLibCheck: true, types: [], outDir: directory,
	paths: { [fetcher]: [resolve(here, 'node_modules', fetcher)] },
});
const wrong = ts.getPreEmitDiagnostics(program).map(({ file: at, start, messageText }) => `${at ? `${at.fileName}:${at.getLineAndCharacterOfPosition(start).line + 1} ` : ''}${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
const script = resolve(directory, 'client.mjs');
// From where it is written Node finds no packages.
program.emit(undefined, (path, text) => path.endsWith('client.js') && writeFileSync(script, text.replace(`'${fetcher}'`, `'${import.meta.resolve(fetcher)}'`)));

let seen = null;
try {
	if (wrong.length === 0) seen = await (await import(pathToFileURL(script))).session(url, name);
} catch (error) {
	wrong.push(String(error.stack));
}
console.log(JSON.stringify({ wrong, seen, lines: schema.split('\n').length }));
