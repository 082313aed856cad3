package Message;
# Message.pm holds what is said on WebSockets against the AsyncAPI document (social-bridge --print-asyncapi):
# WebSocket.pm asks it about every message of a subscriber's socket that a test is told.
use strict;
use warnings;
use JSON::PP;
use Route;

my $document;

sub document { $document //= decode_json(scalar `$ENV{BRIDGE_BIN} --print-asyncapi`); return $document }

# The types that the bridge may tell.
sub types
{
	my %tell = map { $_->{'$ref'} =~ m{([^/]+)$} ? ($1 => 1) : () } @{ document()->{operations}{'sockets.open.tell'}{messages} };
	return sort keys %tell;
}

# What is wrong with a message: a list of lines. Its data holds nothing but what is documented, either.
sub wrong
{
	my ($message) = @_;
	my $type = $message->{type} // '';
	return "$type is no type of a message" unless grep { $_ eq $type } types();
	Route::book(); # has the shapes
	return Route::problems(document()->{components}{messages}{$type}{payload}, $message, $type);
}

1;
