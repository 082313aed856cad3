package Sweep;
# Sweep.pm owns what both stores must say when they are compared with the table of media (issue 15, line 7).
use strict;
use warnings;
use Exporter 'import';
use HTTP::Tiny;
use Media;
use Social;
use Test::More;
use Worker;
our @EXPORT = qw(compares_both_ways);

my $http = HTTP::Tiny->new;

sub ask { my ($method, $address, %option) = @_; return $http->request($method, address($address), \%option)->{status} }
sub put { my ($key, $bytes) = @_; return ask(PUT => psql("SELECT social.media_store_address(s, 'PUT', '$key', 60, now()) FROM social.media_store s"), content => $bytes // 'x') }
sub there { my ($key) = @_; return ask(HEAD => psql("SELECT social.media_store_address(s, 'HEAD', '$key', 60, now()) FROM social.media_store s")) }

# A sweep that begins at another time; its id, when it is through.
sub sweep
{
	my ($arguments, $at) = @_;
	my $id = psql("BEGIN; SELECT social.start_media_sweep($arguments); UPDATE social.media_sweeps SET started_at = started_at + interval '$at' WHERE finished_at IS NULL; COMMIT");
	ok(wait_until(120, sub { psql("SELECT finished_at IS NOT NULL FROM social.media_sweeps WHERE id = $id") eq 't' }), 'a sweep comes to its end') or diag(psql(q{SELECT state, error FROM social.admin_jobs WHERE kind = 'media.sweep'}));
	return $id;
}

# The store's objects and the files of somebody are compared. Returns how many objects there were at the end.
sub compares_both_ways
{
	my ($ann) = @_;
	psql('DELETE FROM social.media'); # of other tests, whose objects may be elsewhere

	# Files of two days ago that are there, some more that are not, and objects that nobody knows.
	psql("INSERT INTO social.media (owner_id, state, key, content_type, updated_at) SELECT $ann->{id}, 'ready', format('uploads/%s/%s.png', $ann->{id}, i), 'image/png', now() - interval '2 days' FROM generate_series(1, 5) i");
	psql("UPDATE social.media SET variants = format('{\"full\": {\"key\": \"media/%s/f.webp\"}}', id)::jsonb WHERE owner_id = $ann->{id}");
	my @keys = grep { !m{^exports/} } split /\n/, psql(q{SELECT key FROM social.expected_objects('', NULL, now()) ORDER BY 1});
	is(scalar @keys, 10, 'files with variants');
	my @gone = splice @keys, -2;
	is_deeply([ grep { put($_) != 200 } @keys ], [], 'most of them are there');
	my @strange = ("uploads/$ann->{id}/a&b.png", 'media/999999/f.webp', 'other/thing');
	is(put($_), 200, "and $_") for @strange;
	my %ours  = map { $_ => 1 } @keys, @gone, @strange; # other tests leave objects, too
	my $found = sub { my ($id) = @_; return [ sort grep { $ours{ s/^\w+ //r } } split /\n/, psql("SELECT kind || ' ' || key FROM social.admin_media_findings WHERE sweep_id = $id") ] };

	# What is in the store is of this moment; the sweep is of tomorrow.
	my $id = sweep('', '0');
	is_deeply($found->($id), [ sort map { "missing $_" } @gone ], 'what is missing; what is new is left alone');
	$id = sweep('', '2 hours');
	is_deeply($found->($id), [ sort((map { "missing $_" } @gone), (map { "orphan $_" } @strange)) ], 'what nobody knows, later');
	is(there($strange[0]), 200, 'which stays');
	$id = sweep('delete_orphans => true', '2 days');
	ok(wait_until(60, sub { there($strange[0]) == 404 && there($strange[1]) == 404 }), 'until it is to go');
	is(there($strange[2]), 200, 'but for what is not ours');
	is(there($keys[0]), 200, 'and what is known stays');
	my ($objects, $orphans, $deleted) = split / /, psql("SELECT objects || ' ' || orphans || ' ' || deleted FROM social.media_sweeps WHERE id = $id");
	is($deleted, $orphans - 1, 'as it says');
	return $objects;
}

1;
