// The playground at /graphql/: a bar with examples, whether introspection is open, and a log-in box;
// below it GraphiQL, or a plain form where that is not installed. The tokens stay in this tab's
// sessionStorage. Nothing but this bridge is asked anything.
'use strict';

const endpoint = '/graphql/';
const stored = 'social-session';
let session = JSON.parse(sessionStorage.getItem(stored)); // { username, access, refresh }, or null

function keep(value) {
  session = value;
  if (value) sessionStorage.setItem(stored, JSON.stringify(value));
  else sessionStorage.removeItem(stored);
  drawBar();
}

// ---- asking the bridge ---------------------------------------------------------------------------

async function post(path, body, headers) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { Accept: 'application/json', 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
    credentials: 'omit',
  });
  return { status: response.status, json: await response.json() };
}

// A request with the session's token, which is renewed when it has ended. Headers that are typed win.
async function ask(request, headers = {}) {
  const send = () => post(endpoint, request, { ...(session && { Authorization: `Bearer ${session.access}` }), ...headers });
  let answer = await send();
  if (answer.status === 401 && session && !Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')) {
    await renew();
    answer = await send();
  }
  return answer.json;
}

// A mutation that answers tokens. Where nobody gets in without one (ANONYMOUS_GRAPHQL=off) the same door
// of REST does.
async function tokens(mutation, door, variables) {
  let { status, json } = await post(endpoint, { query: mutation, variables });
  if (status === 401) {
    json = (await post(door, variables)).json;
    if (!json.access) throw new Error(json.error);
    return json;
  }
  if (json.errors) throw new Error(json.errors[0].message);
  return Object.values(json.data)[0];
}

async function logIn(username, password, totp) {
  const { access, refresh } = await tokens(
    'mutation ($username: String!, $password: String!, $totp: String) { login(username: $username, password: $password, totp: $totp, device: "playground") { access refresh } }',
    '/api/auth/login/', { username, password, ...(totp && { totp }) });
  keep({ username, access, refresh });
}

async function renew() {
  const { refresh, username } = session;
  try {
    keep({ username, ...(await tokens('mutation ($refresh: String!) { refreshToken(refresh: $refresh) { access refresh } }', '/api/auth/refresh/', { refresh })) });
  } catch {
    keep(null);
  }
}

async function logOut() {
  const { refresh } = session;
  await ask({ query: 'mutation ($refresh: String) { logout(refresh: $refresh) { success } }', variables: { refresh } });
  keep(null);
}

// ---- the bar -------------------------------------------------------------------------------------

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const introspection = make('span', { id: 'introspection' });
const problem = make('output', { id: 'problem' });
const examples = make('select', { id: 'examples', ariaLabel: 'Examples' }, make('option', { value: '' }, 'Examples'));
const form = make('form', { id: 'session' });
document.getElementById('bar').append(make('b', {}, 'GraphQL'), examples, introspection, form);

function drawBar() {
  const name = (id, type, hint) => make('input', { id, type, placeholder: hint, ariaLabel: hint, autocomplete: 'off' });
  form.replaceChildren(problem, ...(session
    ? [make('span', { id: 'who' }, session.username), make('button', { id: 'log-out' }, 'Log out')]
    : [name('username', 'text', 'User name'), name('password', 'password', 'Password'), name('totp', 'text', 'One-time code'), make('button', { id: 'log-in' }, 'Log in')]));
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  problem.textContent = '';
  try {
    if (session) await logOut();
    else await logIn(...['username', 'password', 'totp'].map((id) => document.getElementById(id).value));
  } catch (error) {
    problem.textContent = error.message;
  }
  await lookAtSchema();
});

// Whether the schema can be read by whoever is logged in; GraphiQL reads it again when that changes.
let isOpen;
async function lookAtSchema() {
  const { data } = await ask({ query: '{ __schema { queryType { name } } }' }).catch(() => ({}));
  isOpen = Boolean(data?.__schema);
  introspection.textContent = isOpen ? 'introspection: open' : 'introspection: closed to you, so there is no completion and no documentation';
  drawPlayground();
}

// Each operation of examples.graphql, under the comment above it.
async function readExamples() {
  const text = await (await fetch('/graphql/examples.graphql')).text();
  for (const example of text.split(/\n\n/).slice(1)) {
    const [, name, query] = /^# (.*)\n([^]*)$/.exec(example.trim());
    examples.append(make('option', { value: query }, name));
  }
}
examples.addEventListener('change', () => drawPlayground(examples.value));

// ---- what is below it ----------------------------------------------------------------------------

const place = document.getElementById('playground');
const start = '# Choose an example above, or write:\nquery { __typename }\n';

function drawGraphiQL(root) {
  const storage = sessionStorage; // documents may hold what nobody else who opens this browser should read
  const fetcher = (request, options) => ask(request, options?.headers);
  const schema = () => (isOpen ? undefined : null); // null: it asks for none
  return (query) => root.render(React.createElement(GraphiQL, { key: isOpen, schema: schema(), fetcher, query, storage, defaultQuery: start }));
}

function drawForm() {
  const field = (name, value, hint) => make('textarea', { className: name, value, placeholder: hint, ariaLabel: hint, spellcheck: false });
  const query = field('query', start, 'Document');
  const variables = field('variables', '', 'Variables (JSON)');
  const headers = field('headers', '', 'Headers (JSON)');
  const answer = make('pre', { id: 'answer' });
  const object = (text) => (text.trim() ? JSON.parse(text) : undefined);
  async function run() {
    try {
      answer.textContent = JSON.stringify(await ask({ query: query.value, variables: object(variables.value) }, object(headers.value)), null, 2);
    } catch (error) {
      answer.textContent = String(error);
    }
  }
  place.append(query, variables, headers, make('button', { id: 'run', onclick: run }, 'Run'), answer);
  return (text) => {
    if (text) query.value = text;
  };
}

const drawPlayground = window.GraphiQL ? drawGraphiQL(ReactDOM.createRoot(place)) : drawForm();
drawBar();
readExamples();
lookAtSchema();
