// openapi_lint.mjs holds an OpenAPI document against Redocly's rules, all of them as errors, and prints
// what breaks them as a JSON array of lines.
// usage: node openapi_lint.mjs FILE
import { readFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';

// Our paths end with a slash, as those do that clients know; ids are digits alone, so that the seed's own
// stream/watch/{id}/ and stream/{id}/start/ are not the same (I-16).
const config = await createConfig({ extends: ['recommended-strict'], rules: { 'no-path-trailing-slash': 'off', 'no-ambiguous-paths': 'off' } });
const problems = await lintFromString({ source: readFileSync(process.argv[2], 'utf8'), absoluteRef: '/openapi.json', config });
console.log(JSON.stringify(problems.map(({ ruleId, message, location: [{ pointer }] }) => `${ruleId}: ${message} ${pointer}`)));
