// Realtime: what happens, as it happens, over a WebSocket of social-bridge (/ws/).
//
// Each event of the topics that are subscribed to arrives once, in the order of the ids, however often
// the connection is lost; where the log does not reach back so far, onResync says so. What is said on
// the wire: the AsyncAPI document at /api/schema/asyncapi/.
//
//   const realtime = new Realtime({ token: (isStale) => …, onEvent: ({ type, id, data }) => … });
//   realtime.subscribe('feed');
//   realtime.open();
//
// It needs a browser, or another place with WebSocket (Node.js 22; earlier ones: options.WebSocket).

/**
 * What has happened. Which types there are, and what data is: /api/schema/asyncapi/.
 * @typedef {{ type: string, id: number, data: any }} RealtimeEvent
 */

/**
 * connecting: on the way; open: events arrive; waiting: it tries again by itself, at retryAt (ms, as
 * Date.now() has it), or as soon as the browser is online again or is looked at; closed: until open() is called. `code` is that
 * of the WebSocket's close, where one came.
 * @typedef {{ name: 'connecting' | 'open' | 'waiting' | 'closed', reason: string, code?: number, retryAt?: number }} RealtimeState
 */

/**
 * @typedef {object} RealtimeOptions
 * @property {(isStale: boolean) => string | null | Promise<string | null>} token Gives an access token. isStale:
 *   the last one was refused or is about to end, so a new one is wanted. null: nobody is logged in, and the
 *   connection closes; what it throws is taken for a network that fails, and asked again.
 * @property {(event: RealtimeEvent) => void} onEvent
 * @property {(state: RealtimeState) => void} [onState]
 * @property {(topic: string, id: number) => void} [onSubscribed] The topic is heard of from now on, for the first
 *   time: what is read from here on misses nothing.
 * @property {(topic: string, messages: any[]) => void} [onHistory] What was said last in the chat of a stream, the
 *   oldest first: told once, when it is subscribed to and nothing of it is known yet.
 * @property {(topic: string, id: number) => void} [onResync] A gap: what has happened in between is not known any
 *   more. Read anew what is shown of the topic.
 * @property {(error: { error: string, code: string, status: number, topic?: string }) => void} [onError] A topic
 *   that is none, or may not be heard of, or not any more: it is not subscribed to. Without a topic: a token was not taken.
 * @property {string | URL} [url] of the socket; if not said /ws/ where the page is from
 * @property {number} [after] Where topics begin that are subscribed to before open(): the id of the last event that
 *   was seen (`position` of an earlier Realtime). If not said: now.
 * @property {number} [heartbeat] Milliseconds without a message, after which the bridge is asked whether it is there
 * @property {number} [deadline] Milliseconds that it has to answer, and to let somebody in
 * @property {number} [backoffMin] Milliseconds before the first new try, about
 * @property {number} [backoffMax] and at most, as each doubles them
 * @property {number} [renewBefore] Milliseconds before its end, at which another token is asked for
 * @property {number} [heldMax] Events that wait for their order when it comes back; more of them are a gap
 * @property {typeof WebSocket} [WebSocket]
 */

/** What is to be said in a chat. @typedef {{ resolve: (id: number) => void, reject: (error: any) => void }} Saying */
/** @typedef {{ key: string, name: string, from?: number, isKnown: boolean, isWanted: boolean, isAsked: boolean }} Topic */
/** What is told: an event, or a gap in what is heard of these topics. @typedef {{ id: number, event?: RealtimeEvent, gapOf?: Topic[] }} Told */

// Codes after which trying again would come to the same (bridge/event/close.def).
const finalCodes = [1002, 1003, 1007, 1009, 4400, 4403, 4404];
const unauthenticated = 4401;
const stableAfter = 10000; // ms that a connection must last for the next wait to be short again
const renewEvery = 15000; // ms, at most so often, whatever the clocks say

const defaults = { heartbeat: 25000, deadline: 20000, backoffMin: 500, backoffMax: 30000, renewBefore: 30000, heldMax: 10000 };

export class Realtime {
  /** @type {RealtimeOptions & typeof defaults} */ #options;
  /** @type {Map<string, Topic>} */ #topics = new Map();
  /** @type {RealtimeState} */ #state = { name: 'closed', reason: 'not opened yet' };
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {AbortController | null} */ #listening = null; // to the browser
  /** @type {(Topic | null)[]} */ #asked = []; // whose subscription (null: another's end) is not answered yet: answers come in order
  #isCatchingUp = false;
  #upTo = 0; // where it will have caught up
  /** @type {Told[]} */ #held = []; // until then
  #isGap = false; // more came than can be held
  /** @type {Map<string, Saying>} */ #saying = new Map(); // by what we call it
  #said = 0;
  #url;
  #position; // everything up to this id has been told
  #turn = 0; // counts connections: what belongs to an earlier one is not heard any more
  #attempt = 0;
  #openedAt = 0;
  #isStale = false; // the last token was no good
  #hasBeenOpen = false;
  #isOffline = false; // says the browser
  /** @type {Record<string, ReturnType<typeof setTimeout>>} */ #timers = {};

  /** @param {RealtimeOptions} options */
  constructor(options) {
    this.#options = { ...defaults, ...options };
    this.#url = new URL(options.url ?? '/ws/', globalThis.location?.href);
    this.#url.protocol = this.#url.protocol.replace('http', 'ws');
    this.#position = options.after ?? 0;
  }

  /** @returns {RealtimeState} */
  get state() {
    return this.#state;
  }

  /** The id up to which everything has been told. */
  get position() {
    return this.#position;
  }

  get topics() {
    return [...this.#topics.values()].filter(({ isWanted }) => isWanted).map(({ key }) => key);
  }

  /** Begins, or begins anew after it was closed. */
  open() {
    if (this.#state.name !== 'closed') return;
    this.#attempt = 0;
    this.#isStale = false;
    this.#isOffline = false;
    this.#listen();
    this.#connect();
  }

  close() {
    this.#end('closed by the page');
  }

  /** Hears of a topic: feed, notifications:ID, post:ID, user:ID, hashtag:NAME, stream:ID. @param {string} key */
  subscribe(key) {
    const known = this.#topics.get(key);
    if (known) {
      known.isWanted = true;
      return;
    }
    const from = this.#hasBeenOpen ? undefined : this.#options.after;
    const topic = { key, name: key, from, isKnown: false, isWanted: true, isAsked: false };
    this.#topics.set(key, topic);
    if (this.#state.name === 'open') this.#ask(topic);
  }

  /** @param {string} key */
  unsubscribe(key) {
    const topic = this.#topics.get(key);
    if (topic) topic.isWanted = false;
    if (topic && !topic.isAsked) this.#leave(topic);
  }

  /**
   * Says something in the chat of a stream (stream:ID); the id of the message. What refuses it is thrown, as REST would
   * answer: { error, code, status, retry_after? }. Where the connection is lost nobody knows whether it was said (503).
   * @param {string} topic @param {string} message @returns {Promise<number>}
   */
  say(topic, message) {
    return new Promise((resolve, reject) => {
      const ref = String(++this.#said);
      this.#saying.set(ref, { resolve, reject });
      if (this.#state.name === 'open') this.#send({ type: 'chat_message', topic, message, ref });
      else this.#silence();
    });
  }

  /** What was to be said is not answered any more. */
  #silence() {
    for (const { reject } of this.#saying.values()) reject({ error: 'the connection was lost', code: 'UNAVAILABLE', status: 503 });
    this.#saying.clear();
  }

  /** @param {string} ref */
  #answered(ref) {
    const saying = this.#saying.get(ref);
    this.#saying.delete(ref);
    return saying;
  }

  // ---- the connection ----------------------------------------------------------------------------

  async #connect() {
    const turn = this.#drop();
    this.#setState({ name: 'connecting', reason: '' });
    this.#after('beat', this.#options.deadline, () => this.#wait('the bridge did not let us in in time'));
    let token;
    try {
      token = await this.#options.token(this.#isStale);
    } catch (error) {
      if (turn === this.#turn) this.#wait(`no token: ${error instanceof Error ? error.message : error}`);
      return;
    }
    if (turn !== this.#turn) return;
    if (!token) this.#end('nobody is logged in');
    else this.#dial(turn, token);
  }

  /** @param {number} turn @param {string} token */
  #dial(turn, token) {
    const socket = new (this.#options.WebSocket ?? WebSocket)(this.#url, ['social']);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      if (turn === this.#turn) this.#send({ type: 'auth', token });
    });
    socket.addEventListener('message', ({ data }) => {
      if (turn === this.#turn) this.#hear(JSON.parse(data));
    });
    socket.addEventListener('close', ({ code, reason }) => {
      if (turn === this.#turn) this.#lost(code, reason);
    });
    socket.addEventListener('error', () => {}); // a close follows
  }

  /** @param {object} message */
  #send(message) {
    this.#socket?.send(JSON.stringify(message));
  }

  /** Gives up the connection, whatever it is at; the number of the next. */
  #drop() {
    for (const name of Object.keys(this.#timers)) clearTimeout(this.#timers[name]);
    this.#socket?.close();
    this.#socket = null;
    this.#asked = [];
    this.#held = [];
    this.#isCatchingUp = false;
    this.#isGap = false;
    this.#upTo = 0;
    this.#silence();
    for (const topic of this.#topics.values()) {
      topic.isAsked = false;
      if (!topic.isWanted) this.#topics.delete(topic.key);
    }
    return ++this.#turn;
  }

  /** @param {number} code @param {string} reason */
  #lost(code, reason) {
    if (finalCodes.includes(code)) this.#end(reason, code);
    else if (code === unauthenticated && this.#isStale) this.#end(reason, code);
    else {
      this.#isStale ||= code === unauthenticated;
      this.#wait(reason || 'the connection was lost', code);
    }
  }

  /** @param {string} reason @param {number} [code] */
  #wait(reason, code) {
    const { backoffMin, backoffMax } = this.#options;
    if (this.#state.name === 'open' && Date.now() - this.#openedAt > stableAfter) this.#attempt = 0;
    const most = this.#isOffline ? backoffMax : Math.min(backoffMax, backoffMin * 2 ** this.#attempt++);
    const delay = (most * (1 + Math.random())) / 2;
    this.#drop();
    this.#after('retry', delay, () => this.#connect());
    this.#setState({ name: 'waiting', reason: this.#isOffline ? 'offline' : reason, code, retryAt: Date.now() + delay });
  }

  /** @param {string} reason @param {number} [code] */
  #end(reason, code) {
    this.#drop();
    this.#listening?.abort();
    this.#listening = null;
    if (this.#state.name !== 'closed') this.#setState({ name: 'closed', reason, code });
  }

  /** @param {RealtimeState} state */
  #setState(state) {
    this.#state = state;
    this.#call(() => this.#options.onState?.(state));
  }

  /** A timer of the connection; one of each name. @param {string} name @param {number} delay @param {() => void} then */
  #after(name, delay, then) {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = setTimeout(then, Math.min(delay, 2 ** 31 - 1));
  }

  /** Calls what the page gave us: what that throws is told, and changes nothing here. @param {() => void} call */
  #call(call) {
    try {
      call();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  // ---- the browser -------------------------------------------------------------------------------

  #listen() {
    if (typeof globalThis.addEventListener !== 'function') return;
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    // A browser may be wrong about it (the bridge is on the same machine): it is tried all the same, now and then.
    addEventListener('offline', () => {
      this.#isOffline = true;
      this.#wait('offline');
    }, { signal });
    addEventListener('online', () => {
      this.#isOffline = false;
      this.#retry();
    }, { signal });
    // Whoever wakes up does not know whether the connection has outlived it.
    globalThis.document?.addEventListener('visibilitychange', () => {
      if (document.visibilityState !== 'visible') return;
      if (this.#state.name === 'open') this.#ping();
      else this.#retry();
    }, { signal });
  }

  #retry() {
    if (this.#state.name !== 'waiting') return;
    this.#attempt = 0;
    this.#connect();
  }

  // ---- what is heard -----------------------------------------------------------------------------

  /** @param {any} message */
  #hear(message) {
    this.#after('beat', this.#options.heartbeat, () => this.#ping());
    const { type, data } = message;
    if (type === 'ready') this.#beReady(data.expires_at);
    else if (type === 'subscribed') this.#subscribed(message.id, data.topic);
    else if (type === 'unsubscribed' && data.code) this.#gone(data);
    else if (type === 'unsubscribed') this.#asked.shift();
    else if (type === 'sent') this.#answered(data.ref)?.resolve(data.id);
    else if (type === 'error' && data.ref !== undefined) this.#answered(data.ref)?.reject(data);
    else if (type === 'error') this.#refused(data);
    else if (type === 'history') this.#remember(data);
    else if (type === 'pong') this.#ponged(message.id ?? 0);
    else if (message.id !== undefined) this.#take(message);
  }

  #ping() {
    this.#send({ type: 'ping' });
    this.#after('beat', this.#options.deadline, () => this.#wait('the bridge does not answer'));
  }

  /** @param {number} expiresAt */
  #beReady(expiresAt) {
    this.#isStale = false;
    this.#isOffline = false;
    this.#renewLater(expiresAt * 1000 - this.#options.renewBefore - Date.now());
    if (this.#state.name === 'open') return;
    this.#hasBeenOpen = true;
    this.#openedAt = Date.now();
    for (const topic of this.#topics.values()) this.#ask(topic);
    if (this.#isCatchingUp) this.#ping();
    this.#setState({ name: 'open', reason: '' });
  }

  /** @param {number} delay */
  #renewLater(delay) {
    this.#after('renew', Math.max(delay, Math.min(renewEvery, this.#options.renewBefore / 2)), () => this.#renew());
  }

  async #renew() {
    const turn = this.#turn;
    try {
      const token = await this.#options.token(true);
      if (turn !== this.#turn) return;
      if (token) this.#send({ type: 'auth', token });
      else this.#end('nobody is logged in');
    } catch {
      if (turn === this.#turn) this.#renewLater(0);
    }
  }

  // ---- topics ------------------------------------------------------------------------------------

  /** @param {Topic} topic */
  #ask(topic) {
    topic.isAsked = true;
    this.#asked.push(topic);
    this.#isCatchingUp ||= topic.from !== undefined;
    this.#send({ type: 'subscribe', topic: topic.name, ...(topic.from !== undefined && { after: Math.max(this.#position, topic.from) }) });
  }

  /** Whoever subscribed to another spelling of it. @param {Topic} topic */
  #twin(topic) {
    return [...this.#topics.values()].find((other) => other !== topic && other.name === topic.name);
  }

  /** @param {Topic} topic */
  #leave(topic) {
    this.#topics.delete(topic.key);
    if (this.#state.name !== 'open' || this.#twin(topic)) return;
    this.#asked.push(null);
    this.#send({ type: 'unsubscribe', topic: topic.name });
  }

  /** @param {number | undefined} id @param {string} name */
  #subscribed(id, name) {
    const topic = this.#asked.shift();
    if (!topic) return;
    topic.isAsked = false;
    topic.name = name;
    topic.from ??= id ?? this.#twin(topic)?.from ?? this.#position;
    this.#upTo = Math.max(this.#upTo, id ?? 0);
    if (!topic.isWanted) this.#leave(topic);
    else if (!topic.isKnown) {
      topic.isKnown = true;
      this.#call(() => this.#options.onSubscribed?.(topic.key, id ?? this.#position));
    }
  }

  /** It comes before the topic is heard of; no event, so that it moves nobody's place. @param {{ topic: string, messages: any[] }} history */
  #remember({ topic: name, messages }) {
    const topic = this.#asked[0];
    this.#call(() => this.#options.onHistory?.(topic?.key ?? name, messages));
  }

  /** What a topic is about is not to be seen any more. @param {{ topic: string, code: string, reason: string }} lost */
  #gone({ topic: name, code, reason }) {
    for (const topic of [...this.#topics.values()].filter((one) => one.name === name && !one.isAsked)) {
      this.#topics.delete(topic.key);
      if (topic.isWanted) this.#call(() => this.#options.onError?.({ error: reason, code, status: 404, topic: topic.key }));
    }
  }

  /** @param {{ error: string, code: string, status: number, topic?: string }} error */
  #refused(error) {
    if (error.topic === undefined) {
      this.#renewLater(0);
      this.#call(() => this.#options.onError?.(error));
      return;
    }
    // Too much, or too early: all of it again, later, so that the order holds.
    if (error.status === 401 || error.status === 429 || error.status >= 500) {
      this.#wait(error.error);
      return;
    }
    const topic = this.#asked.shift();
    if (topic) this.#topics.delete(topic.key);
    this.#call(() => this.#options.onError?.({ ...error, topic: topic?.key ?? error.topic }));
  }

  // ---- events ------------------------------------------------------------------------------------

  // Topics catch up one after another, each with its own past, and those that have already go on: what comes
  // is held until everything up to the place of the last has come, and told in its order.

  /** An event, or a resync. @param {RealtimeEvent} event */
  #take(event) {
    const { id, type, data } = event;
    /** @type {Told} */
    const told = { id, event };
    if (type === 'resync') {
      // A topic that is being asked for may be spelled otherwise than the bridge does.
      told.gapOf = [...this.#topics.values()].filter((topic) => topic.name === data?.topic || topic === this.#asked[0]);
      this.#upTo = Math.min(this.#upTo, id);
    }
    if (!this.#isCatchingUp) this.#tell(told);
    else {
      this.#held.push(told);
      if (this.#held.length <= this.#options.heldMax) return;
      this.#isGap = true;
      this.#held = [this.#held.reduce((last, other) => (other.id > last.id ? other : last))];
    }
  }

  /** The bridge has told everything up to this id, and answered what was asked before. @param {number} id */
  #ponged(id) {
    if (this.#isCatchingUp && id < this.#upTo) this.#after('again', 50, () => this.#ping());
    else if (this.#isCatchingUp) this.#tellHeld();
    else if (this.#asked.length === 0) this.#position = Math.max(this.#position, id);
  }

  /** Gaps first, which may lead back. */
  #tellHeld() {
    const turn = this.#turn;
    let held = this.#held.sort((one, other) => Number(!one.gapOf) - Number(!other.gapOf) || one.id - other.id);
    if (this.#isGap) {
      this.#position = held[held.length - 1].id;
      held = [{ id: this.#position, gapOf: [...this.#topics.values()] }];
    }
    this.#held = [];
    this.#isCatchingUp = false;
    this.#isGap = false;
    for (const told of held) if (turn === this.#turn) this.#tell(told);
  }

  /** @param {Told} told */
  #tell({ id, event, gapOf }) {
    // A log that began anew goes on below what was seen of the other.
    if (gapOf) this.#position = Math.min(this.#position, id);
    for (const topic of gapOf ?? []) {
      topic.from = id;
      this.#call(() => this.#options.onResync?.(topic.key, id));
    }
    if (gapOf || !event || id <= this.#position) return;
    this.#position = id;
    this.#call(() => this.#options.onEvent(event));
  }
}
