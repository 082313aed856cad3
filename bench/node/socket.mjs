// The other side of bench/socket.pl: a server of WebSockets for the comments of a post, as somebody would write
// it by hand with ws and pg for just that. Comments ring by a trigger of their own (NOTIFY with the id); a statement
// reads what is to be told and who of the listeners has a block with its author; one text goes to all others.
//
// PORT, PG* as libpq reads them. A client connects to /?user=ID&post=ID, and is told when it hears.
import { WebSocketServer } from 'ws';
import pg from 'pg';

const pool = new pg.Pool({ max: 4 });
const bell = new pg.Client();
const topics = new Map(); // of a post's id: those who listen

await bell.connect();
bell.on('notification', async ({ payload }) => {
  const { rows: [comment] } = await pool.query({
    name: 'comment',
    text: `SELECT c.id, c.post_id, c.document::text AS text,
      ARRAY(SELECT CASE WHEN b.blocker_id = c.author_id THEN b.blocked_id ELSE b.blocker_id END FROM live.blocks b WHERE c.author_id IN (b.blocker_id, b.blocked_id)) AS apart
      FROM live.told c WHERE c.id = $1`,
    values: [payload],
  });
  const apart = new Set(comment.apart);
  const message = `{"type":"comment.created","id":${comment.id},"data":${comment.text}}`;
  for (const socket of topics.get(comment.post_id) ?? []) if (!apart.has(socket.user)) socket.send(message);
});
await bell.query('LISTEN live_comment');

const server = new WebSocketServer({ port: Number(process.env.PORT), host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (socket, request) => {
  const { searchParams } = new URL(request.url, 'http://localhost');
  const post = searchParams.get('post');
  socket.user = searchParams.get('user');
  if (!topics.has(post)) topics.set(post, new Set());
  topics.get(post).add(socket);
  socket.on('close', () => topics.get(post).delete(socket));
  socket.on('error', () => {});
  socket.send(`{"type":"subscribed","data":{"topic":"post:${post}"}}`);
});
process.on('SIGTERM', () => process.exit(0));
