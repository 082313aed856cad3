# export.t proves the routes and fields of exports (issue 17, seed 166): asked for once, told on the owner's socket,
# nobody else's. What the archive has proves test/worker/export.t.
use strict;
use warnings;
use GraphQL;
use Social;
use Test::More;

my $path = '/api/accounts/users/me/export/';
psql(q{SELECT social.set_media_store()});
my ($ann, $bob) = map { account() } 1 .. 2;
sub asks { my ($person, $method, @more) = @_; return api($method => $path, token => $person->{token}, @more) }

is(api(POST => $path, json => {})->{status}, 401, 'nobody has no export');
is(asks($ann, 'GET')->{status}, 404, 'at first there is none');
my $asked = asks($ann, POST => json => {});
is($asked->{status}, 201, 'issue 17: it can be asked for') or diag($asked->{content});
is(join(' ', map { $_ // 'null' } @{ $asked->{json} }{qw(state parts_done url size sha256 error)}), 'waiting 0 null null null null', 'it waits for a worker');
is(asks($ann, POST => json => {})->{json}{id}, $asked->{json}{id}, 'issue 17: asked for again, it is the same one');
is(asks($ann, 'GET')->{json}{id}, $asked->{json}{id}, 'its owner sees it');
is(asks($bob, 'GET')->{status}, 404, 'nobody else');
is(asks($bob, 'DELETE')->{status}, 404, 'or can delete it');

my $id = $asked->{json}{id};
my $ask = sub { my ($who, $text) = @_; return ask($who, $text) };
is($ask->($ann, '{ myExport { id state url partsTotal } }')->{data}{myExport}{state}, 'WAITING', 'GraphQL has the same');
is($ask->($bob, '{ myExport { id } }')->{data}{myExport}, undef, 'for nobody else');
is($ask->($ann, 'mutation { requestExport { export { id } success message } }')->{data}{requestExport}{export}{id}, $id, 'asked for there, it is the same one');

psql("SELECT social.export_begin($id)");
psql("SELECT social.export_finished($id, 10, repeat('0', 64))");
my $ready = asks($ann, 'GET')->{json};
like($ready->{url}, qr{/exports/$ann->{id}/[0-9a-f-]{36}\.zip\?.*X-Amz-Signature=}, 'ready, it has a signed address');
like($ready->{expires_at}, qr/^\d{4}-/, 'and a time');
my $deleted = $ask->($ann, 'mutation { deleteExport { id success } }');
is($deleted->{data}{deleteExport}{id}, $id, 'its owner deletes it');
is(asks($ann, 'GET')->{status}, 404, 'and it is gone');
psql("DELETE FROM social.jobs WHERE kind = 'export' AND user_id IN ($ann->{id}, $bob->{id})");
done_testing;
