# rest.pl: routes through the bridge against the statements of their rows (social-bridge --routes), as
# Own.pm has it; and how much memory the bridge has come to, 64 connections in use among it.
#
# REST="list like" runs the rows of these names.
use strict;
use warnings;
use Bench;
use Dataset;
use JSON::PP;
use Load 'body';
use Own;

$| = 1;
my $routes = decode_json(scalar `$ENV{BRIDGE_BIN} --routes`)->{routes};
Own::load();

# Two words of the commonest hundred; every other query finds them next to one another in titles too.
my $query = one_of('text', map { Dataset::word($_) . ' ' . Dataset::word(3 * $_ + 1) } 1 .. 20);
$query->{lua} = '(pick(values):gsub(" ", "%%20"))';

# name, the route's, its variables by the parameters' names
my @rows = (
	[ list     => 'posts.list' ],
	[ post     => 'posts.get',      { id => one_of('bigint', @Own::busy) } ],
	[ comments => 'comments.list',  { post_id => one_of('bigint', @Own::busy) } ],
	[ search   => 'posts.search',   { query => $query } ],
	[ feed     => 'posts.feed' ],
	[ create   => 'posts.create',   { title => 'Notes', content => content() } ],
	[ like     => 'posts.like',     { id => one_of('bigint', @Own::likeable) } ],
);

# What stands in a text of Lua's for a value.
sub told { my ($value) = @_; return ref $value ? "{{$value->{lua}}}" : $value }

sub request_of
{
	my ($route, $variables) = @_;
	my (%body, @query);
	my $path = $route->{paths}[0];
	for my $parameter (@{ $route->{parameters} })
	{
		my ($in, $name) = @$parameter{qw(in name)};
		my $value = exists $variables->{$name} ? told($variables->{$name}) : next;
		if    ($in eq 'path')  { $path =~ s/\{$name\}/$value/ }
		elsif ($in eq 'query') { push @query, "$name=$value" }
		else                   { $body{$name} = $value }
	}
	my $target = join '?', $path, @query ? join '&', @query : ();
	$target =~ s/\{\{(.*?)\}\}/" .. $1 .. "/g;
	return 'send(' . join(', ', qq{"$route->{method}"}, qq{"$target"}, %body ? body(\%body) : ()) . ')';
}

# The parameters are the first statement's.
sub statements_of
{
	my ($route, $variables) = @_;
	my @values = map { $variables->{ $_->{name} } // $_->{default} } @{ $route->{parameters} };
	return map { my $statement = [ $_->{sql}, @values ]; @values = (); $statement } @{ $route->{statements} };
}

my %wanted = map { $_ => 1 } split ' ', $ENV{REST} // join ' ', map { $_->[0] } @rows;

for my $row (grep { $wanted{ $_->[0] } } @rows)
{
	my ($name, $route_name, $variables) = @$row;
	my ($route) = grep { $_->{name} eq $route_name } @$routes or die "there is no route $route_name";
	compare(
		name         => $name, is_read => $route->{method} eq 'GET', needs_viewer => $route->{auth} eq 'required',
		variables    => [ grep { ref } values %$variables ],
		request      => request_of($route, $variables),
		statements   => [ statements_of($route, $variables) ]);
}

# The most that it has had at once since it began.
open my $status, '<', '/proc/' . bridge_pid() . '/status' or die "the bridge's status: $!";
my ($peak) = map { /^VmHWM:\s+(\d+) kB/ ? $1 / 1024 : () } <$status>;
judge("the bridge's memory at its most, 64 connections; MiB / 32", $peak, 32, '<= 1');
exit(missed() ? 1 : 0);
