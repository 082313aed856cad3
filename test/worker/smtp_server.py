# A mail server for tests (aiosmtpd): what it accepts is a file of its own in a directory, which also
# holds what it is to do.
# usage: smtp_server.py [ADDRESS:]PORT DIRECTORY [CERTIFICATE KEY [USER PASSWORD]]
#
# Whom a mail is for says what becomes of it: nobody@… is unknown (550), later@… refused for now (451)
# while the file `busy` is there, heavy@… refused with its text (552). While `hold` is there, a mail that was
# accepted has no answer yet; with `deaf`, nobody has one to RCPT. With `stranger`, MAIL FROM is refused (550).
import asyncio, itertools, os, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult

port, directory, certificate, key, user, password = (sys.argv[1:] + [None] * 4)[:6]
address, _, port = port.rpartition(':')
numbers = itertools.count(1)

def wants(name):
    return os.path.exists(os.path.join(directory, name))

async def while_there(name):
    while wants(name):
        await asyncio.sleep(0.02)

class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        if wants('stranger'):
            return '550 5.7.1 we do not know you'
        envelope.mail_from = address
        return '250 OK'

    async def handle_RCPT(self, server, session, envelope, address, options):
        await while_there('deaf')
        if address.startswith('nobody@'):
            return '550 5.1.1 no such mailbox'
        if address.startswith('later@') and wants('busy'):
            return '451 4.3.0 come back later'
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        if envelope.rcpt_tos[0].startswith('heavy@'):
            return '552 5.3.4 too much'
        path = os.path.join(directory, '%d.eml' % next(numbers))
        head = 'X-From: %s\r\nX-To: %s\r\nX-TLS: %s\r\nX-User: %s\r\n' % (
            envelope.mail_from, ' '.join(envelope.rcpt_tos), session.ssl is not None, session.auth_data)
        with open(path + '.new', 'wb') as out:
            out.write(head.encode() + envelope.original_content)
        os.rename(path + '.new', path)
        await while_there('hold')
        return '250 OK'

def authenticate(server, session, envelope, mechanism, data):
    good = data.login.decode() == user and data.password.decode() == password
    return AuthResult(success=good, auth_data=user if good else None, handled=False)

async def main():
    options = dict(hostname='mail.example.com', enable_SMTPUTF8=True)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        options.update(tls_context=context, require_starttls=True)
    if user:
        options.update(authenticator=authenticate, auth_required=True)
    handler = Handler()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(handler, **options), address or '127.0.0.1', int(port))
    await server.serve_forever()

asyncio.run(main())
