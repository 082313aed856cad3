// The example of realtime.js at /api/realtime/: logs in, hears of what one's feed, notifications and the
// topics of a form bring, and shows the state of the connection. The tokens are gone with the page.
import { Realtime } from './realtime.js';

const shownMax = 500;

/** @typedef {{ username: string, access: string, refresh: string } | null} Session */
/** @type {Session} */
let session = null;

/** @param {Session} value */
function keep(value) {
  session = value;
  drawSession();
}

/** @param {string} path @param {object} body */
async function post(path, body) {
  const response = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), credentials: 'omit' });
  const json = await response.json();
  if (response.ok) return json;
  throw Object.assign(new Error(json.error), { status: response.status });
}

/** What Realtime asks for: the access token; a new one, where that has ended or is about to. @param {boolean} isStale */
async function token(isStale) {
  if (!session || !isStale) return session?.access ?? null;
  try {
    const { access, refresh } = await post('/api/auth/refresh/', { refresh: session.refresh });
    keep({ ...session, access, refresh });
    return access;
  } catch (error) {
    if (/** @type {any} */ (error).status !== 401) throw error; // the network: later again
    keep(null);
    return null;
  }
}

const realtime = new Realtime({
  token,
  onState: draw,
  onEvent: ({ type, id, data }) => show(id, type, JSON.stringify(data)),
  onSubscribed: draw,
  onResync: (topic, id) => show(id, 'resync', `${topic}: what happened before is not known`, 'gap'),
  onError({ error, topic }) {
    problem.textContent = topic ? `${topic}: ${error}` : error;
    draw();
  },
});

// ---- what is seen ----------------------------------------------------------------------------------

/** @param {string} tag @param {object} properties @param {(Node | string)[]} children */
function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** @param {string} id */
const place = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const state = make('span', { id: 'state' });
const problem = make('output', { id: 'problem' });
const form = make('form', { id: 'session' });
const topic = /** @type {HTMLInputElement} */ (make('input', { id: 'topic', placeholder: 'post:1, user:1, hashtag:name', ariaLabel: 'Topic' }));
place('bar').append(make('b', {}, 'Realtime'), state, form);
place('watch').append(topic, ' ', make('button', { id: 'add' }, 'Watch'));

/** @param {string} id @param {string} type @param {string} hint */
const field = (id, type, hint) => make('input', { id, type, placeholder: hint, ariaLabel: hint, autocomplete: 'off' });

function drawSession() {
  form.replaceChildren(problem, ...(session
    ? [make('span', { id: 'who' }, session.username), make('button', { id: 'log-out' }, 'Log out')]
    : [field('username', 'text', 'User name'), field('password', 'password', 'Password'), make('button', { id: 'log-in' }, 'Log in')]));
}

function draw() {
  const { name, reason, code } = realtime.state;
  state.className = name;
  state.textContent = [name, reason, code].filter(Boolean).join(' · ');
  place('topics').replaceChildren(...realtime.topics.map((key) => make('li', {}, `${key} `,
    make('button', { onclick: () => { realtime.unsubscribe(key); draw(); } }, 'Leave'))));
}

/** @param {number} id @param {string} type @param {string} text @param {string} [className] */
function show(id, type, text, className = '') {
  const events = place('events');
  events.prepend(make('li', { className }, make('code', {}, `${id} ${type}`), text));
  if (events.childElementCount > shownMax) events.lastElementChild?.remove();
}

// ---- what is done ----------------------------------------------------------------------------------

/** @param {string} id */
const typed = (id) => /** @type {HTMLInputElement} */ (place(id)).value;

async function logIn() {
  const { access, refresh, user } = await post('/api/auth/login/', { username: typed('username'), password: typed('password'), device: 'realtime' });
  keep({ username: user.username, access, refresh });
  for (const key of ['feed', `notifications:${user.id}`]) realtime.subscribe(key);
  realtime.open();
}

async function logOut() {
  const { access, refresh } = session ?? {};
  keep(null);
  for (const key of realtime.topics) realtime.unsubscribe(key);
  realtime.close();
  await fetch('/api/auth/logout/', { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${access}` }, body: JSON.stringify({ refresh }), credentials: 'omit' });
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  problem.textContent = '';
  try {
    await (session ? logOut() : logIn());
  } catch (error) {
    problem.textContent = error instanceof Error ? error.message : String(error);
  }
  draw();
});

place('watch').addEventListener('submit', (event) => {
  event.preventDefault();
  problem.textContent = '';
  if (topic.value.trim()) realtime.subscribe(topic.value.trim());
  topic.value = '';
  draw();
});

drawSession();
draw();
