export class Realtime {
    /** @param {RealtimeOptions} options */
    constructor(options: RealtimeOptions);
    /** @returns {RealtimeState} */
    get state(): RealtimeState;
    /** The id up to which everything has been told. */
    get position(): number;
    get topics(): string[];
    /** Begins, or begins anew after it was closed. */
    open(): void;
    close(): void;
    /** Hears of a topic: feed, notifications:ID, post:ID, user:ID, hashtag:NAME, stream:ID. @param {string} key */
    subscribe(key: string): void;
    /** @param {string} key */
    unsubscribe(key: string): void;
    /**
     * Says something in the chat of a stream (stream:ID); the id of the message. What refuses it is thrown, as REST would
     * answer: { error, code, status, retry_after? }. Where the connection is lost nobody knows whether it was said (503).
     * @param {string} topic @param {string} message @returns {Promise<number>}
     */
    say(topic: string, message: string): Promise<number>;
    #private;
}
/**
 * What has happened. Which types there are, and what data is: /api/schema/asyncapi/.
 */
export type RealtimeEvent = {
    type: string;
    id: number;
    data: any;
};
/**
 * connecting: on the way; open: events arrive; waiting: it tries again by itself, at retryAt (ms, as
 * Date.now() has it), or as soon as the browser is online again or is looked at; closed: until open() is called. `code` is that
 * of the WebSocket's close, where one came.
 */
export type RealtimeState = {
    name: "connecting" | "open" | "waiting" | "closed";
    reason: string;
    code?: number;
    retryAt?: number;
};
export type RealtimeOptions = {
    /**
     * Gives an access token. isStale:
     * the last one was refused or is about to end, so a new one is wanted. null: nobody is logged in, and the
     * connection closes; what it throws is taken for a network that fails, and asked again.
     */
    token: (isStale: boolean) => string | null | Promise<string | null>;
    onEvent: (event: RealtimeEvent) => void;
    onState?: ((state: RealtimeState) => void) | undefined;
    /**
     * The topic is heard of from now on, for the first
     * time: what is read from here on misses nothing.
     */
    onSubscribed?: ((topic: string, id: number) => void) | undefined;
    /**
     * What was said last in the chat of a stream, the
     * oldest first: told once, when it is subscribed to and nothing of it is known yet.
     */
    onHistory?: ((topic: string, messages: any[]) => void) | undefined;
    /**
     * A gap: what has happened in between is not known any
     * more. Read anew what is shown of the topic.
     */
    onResync?: ((topic: string, id: number) => void) | undefined;
    /**
     * A topic
     * that is none, or may not be heard of, or not any more: it is not subscribed to. Without a topic: a token was not taken.
     */
    onError?: ((error: {
        error: string;
        code: string;
        status: number;
        topic?: string;
    }) => void) | undefined;
    /**
     * of the socket; if not said /ws/ where the page is from
     */
    url?: string | URL | undefined;
    /**
     * Where topics begin that are subscribed to before open(): the id of the last event that
     * was seen (`position` of an earlier Realtime). If not said: now.
     */
    after?: number | undefined;
    /**
     * Milliseconds without a message, after which the bridge is asked whether it is there
     */
    heartbeat?: number | undefined;
    /**
     * Milliseconds that it has to answer, and to let somebody in
     */
    deadline?: number | undefined;
    /**
     * Milliseconds before the first new try, about
     */
    backoffMin?: number | undefined;
    /**
     * and at most, as each doubles them
     */
    backoffMax?: number | undefined;
    /**
     * Milliseconds before its end, at which another token is asked for
     */
    renewBefore?: number | undefined;
    /**
     * Events that wait for their order when it comes back; more of them are a gap
     */
    heldMax?: number | undefined;
    WebSocket?: {
        new (url: string | URL, protocols?: string | string[]): WebSocket;
        prototype: WebSocket;
        readonly CONNECTING: 0;
        readonly OPEN: 1;
        readonly CLOSING: 2;
        readonly CLOSED: 3;
    } | undefined;
};
/**
 * What is to be said in a chat.
 */
export type Saying = {
    resolve: (id: number) => void;
    reject: (error: any) => void;
};
export type Topic = {
    key: string;
    name: string;
    from?: number;
    isKnown: boolean;
    isWanted: boolean;
    isAsked: boolean;
};
/**
 * What is told: an event, or a gap in what is heard of these topics.
 */
export type Told = {
    id: number;
    event?: RealtimeEvent;
    gapOf?: Topic[];
};
