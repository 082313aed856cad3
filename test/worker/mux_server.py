# What stands for Mux in tests: answers the calls that are made of live streams and assets as Mux documents them, and
# writes each request into a file of its own (N.json) in a directory, which also holds what it is to do.
# usage: mux_server.py PORT DIRECTORY
#
# While the file `fails` is there, everything is answered with the status that stands in it; with `throttles` 429, and
# to come back in a second; with `garbles` 200 and no JSON. `forgets` makes it know nothing of any live stream (404).
import base64, http.server, itertools, json, os, re, sys

port, directory = int(sys.argv[1]), sys.argv[2]
numbers = itertools.count(1)
names = itertools.count(1)
run = base64.b32encode(os.urandom(5)).decode().lower()
live = {}  # id -> stream

def wants(name):
    return os.path.exists(os.path.join(directory, name))

def new(kind):
    return '%s-%s-%d' % (kind, run, next(names))

def refuse(kind):
    return {'error': {'type': kind, 'messages': ['This is the-token-secret of a test']}}

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def answer(self, status, body=None, headers={}):
        text = b'' if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header('Content-Type', 'application/json')
            self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def handle_call(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0)).decode()
        path = os.path.join(directory, '%d.json' % next(numbers))
        with open(path + '.new', 'w') as out:
            json.dump({'method': self.command, 'path': self.path, 'body': body, 'headers': {k.lower(): v for k, v in self.headers.items()}}, out)
        os.rename(path + '.new', path)
        if wants('fails'):
            with open(os.path.join(directory, 'fails')) as status:
                return self.answer(int(status.read()), refuse('of_the_test'))
        if wants('throttles'):
            return self.answer(429, refuse('rate_limited'), {'Retry-After': '1'})
        if wants('garbles'):
            return self.answer(200, b'<html>')
        given = self.headers.get('Authorization', '')
        if given != 'Basic ' + base64.b64encode(b'the-token-id:the-token-secret').decode():
            return self.answer(401, refuse('unauthorized'))
        made = re.fullmatch(r'/video/v1/(live-streams|assets)(?:/([^/]+)(?:/([a-z-]+)(?:/([^/]+))?)?)?', self.path)
        if not made:
            return self.answer(404, refuse('not_found'))
        self.do(self.command, *made.groups(), json.loads(body) if body else None)

    def do(self, method, what, name, part, other, body):
        stream = live.get(name)
        if (method, what, name) == ('POST', 'live-streams', None):
            name = new('live')
            live[name] = {'id': name, 'stream_key': new('key'), 'status': 'idle', 'passthrough': body.get('passthrough'), 'created_at': '1700000000', 'latency_mode': body.get('latency_mode'),
                          'reconnect_window': body.get('reconnect_window'), 'playback_ids': [{'id': new('play'), 'policy': p} for p in body['playback_policies']]}
            return self.answer(201, {'data': live[name]})
        if what == 'live-streams' and (stream is None or wants('forgets')):
            return self.answer(404, refuse('not_found'))
        if (method, part, other) == ('POST', 'playback-ids', None):
            return self.answer(201, {'data': {'id': new('play'), 'policy': body['policy']}})
        if (method, part) == ('POST', 'reset-stream-key'):
            stream['stream_key'] = new('key')
            return self.answer(200, {'data': stream})
        if (method, part) in (('PUT', 'complete'), ('PUT', 'disable')):
            return self.answer(200, {'data': {}})
        if method == 'DELETE' and (part is None or part == 'playback-ids' and other):
            if part is None and what == 'live-streams':
                del live[name]
            return self.answer(204)
        self.answer(404, refuse('not_found'))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_call

    def log_message(self, *arguments):
        pass

http.server.ThreadingHTTPServer(('127.0.0.1', port), Handler).serve_forever()
