# What the language has beside scalars and objects: arguments that are lists, enums and input objects,
# each one parameter that PostgreSQL gets with its type; interfaces and unions, in the one statement
# (mission P-10; GraphQL specification sections 3.7 to 3.12, 6.3.2, 6.4.1).
use strict;
use warnings;
use JSON::PP;
use Test::More;

my $variant = $ENV{VARIANT} // 'release';
my $explain = "build/$variant/test/unit/graphql_explain";
is(system('make', '--no-print-directory', '-s', "VARIANT=$variant", $explain), 0, 'the explain command builds');

# The statement of a document, run with its values: what the field answers, or the error's code.
sub ask
{
	my ($document, $variables) = @_;
	open my $child, '-|', $explain, '--schema', 'test/data/language.graphql', $document, $variables ? encode_json($variables) : () or die $!;
	my $text = do { local $/; <$child> };
	close $child;
	return ($text =~ /"code": "(\w+)"/)[0] // $text unless $text =~ /^-- statement \w+\n(.*)\n/;
	my $sql    = $1;
	my @values = map { s/\n\z//r } $text =~ /^--   \$\d+ = (.*)$/mg;
	my $bound  = join ', ', map { $_ eq 'NULL' ? 'NULL' : "'" . s/'/''/gr . "'" } @values;
	my $script = "PREPARE inputs AS $sql;\nEXECUTE inputs" . (@values ? "($bound)" : '') . ';';
	open my $psql, '-|', 'sh', '-c', 'printf %s "$0" | psql -X -A -t -q -v ON_ERROR_STOP=1 2>&1', $script or die $!;
	my $answer = do { local $/; <$psql> };
	close $psql;
	my $json = eval { decode_json($answer) } or return $answer;
	my ($value) = values %$json;
	return JSON::PP->new->canonical->encode($value) if $document =~ /things|named|tens|mixed|json|eights|same:/;
	return ref $value eq 'ARRAY' ? join(' ', map { $_->{text} // () } @$value) : $value->{text};
}

my @cases = (
	[ '{ numbers(ids: [3, "1", 2]) { text } }', undef, '1 2 3', 'a list of ids is an array' ],
	[ '{ numbers(ids: 7) { text } }', undef, '7', 'a single value is a list of one' ],
	[ '{ numbers(ids: []) { text } }', undef, '', 'an empty list is an empty array' ],
	[ 'query ($i: [ID!]!) { numbers(ids: $i) { text } }', { i => [ 4, '5' ] }, '4 5', 'by a variable' ],
	[ 'query ($i: [ID!]!) { numbers(ids: $i) { text } }', { i => 4 }, '4', 'which may be a single value' ],
	[ 'query ($i: ID!) { numbers(ids: [9, $i]) { text } }', { i => 8 }, '8 9', 'and stand inside' ],
	[ 'query ($i: [ID!]! = [6, 5]) { numbers(ids: $i) { text } }', undef, '5 6', 'with a default' ],
	[ '{ words { text } }', undef, 'a -', "the argument's own default, null inside" ],
	[ '{ words(words: null) { text } }', undef, 'a -', 'which null means too' ],
	[ '{ words(words: ["it\'s", "a \\"b\\" {c,d} \\\\ NULL", ""]) { text } }', undef, q(it's a "b" {c,d} \ NULL ), 'texts stay what they are' ],
	[ 'query ($w: [String]) { words(words: $w) { text } }', { w => [ "'; DROP TABLE x; --", "\x{e9}" ] }, "'; DROP TABLE x; -- \x{e9}", 'by a variable, too' ],
	[ '{ colours(colours: [RED, GREEN]) { text } }', undef, '{red,green}', "an enum's values are lower-case texts" ],
	[ '{ colours { text } }', undef, 'none', 'no list is null' ],
	[ 'query ($c: [Colour!]) { colours(colours: $c) { text } }', { c => ['GREEN'] }, '{green}', 'enums by a variable' ],
	[ '{ paint(colour: RED) { text word } }', undef, 'RED', 'a column of an enum is its upper-case name' ],
	[ 'query ($c: Colour!) { paint(colour: $c) { text: word } }', { c => 'GREEN' }, 'green', 'and in SQL a lower-case word' ],
	[ '{ paint(colour: RED) { row { colour } same: row { lid { text } } } }', undef, '{"row":{"colour":"RED"},"same":{"lid":{"text":"reddish"}}}', '@same: the row as an object of another type' ],
	[ '{ ranges(range: {to: 5}) { text } }', undef, '2 5 {x}', 'fields of an input object are typed; defaults fill in' ],
	[ '{ ranges(range: {from: 3, to: 5, tags: []}) { text } }', undef, '4 5 {}', 'what is given counts' ],
	[ '{ ranges(range: {to: 5, inner: {to: 6, tags: ["y", "z"]}}) { text } }', undef, '2 5 {x} 6 {y,z} {"to": 6, "from": 1, "tags": ["y", "z"]}', 'also further inside; an object is jsonb' ],
	[ 'query ($t: Int!, $l: [String!], $n: Int) { ranges(range: {to: $t, tags: $l, from: $n}) { text } }', { t => 9, l => ['q'] }, '2 9 {q}', 'variables inside of an object; one that is not given is its default' ],
	[ 'query ($r: Range) { ranges(range: $r) { text } }', { r => { to => 2, inner => { to => 3 } } }, '2 2 {x} 3 {x} {"to": 3, "from": 1, "tags": ["x"]}', 'a whole object as variable' ],
	[ 'query ($r: Range) { ranges(range: $r) { text } }', undef, '', 'no object is null' ],
	[ '{ grid(grid: [[1, 2], [3]]) { text } }', undef, '[[1, 2], [3]]', 'lists of lists are jsonb' ],
	[ '{ choose(choice: {id: 5}) { text } }', undef, '5', '@oneOf' ],
	[ '{ choose(choice: {name: "n"}) { text } }', undef, 'n', '@oneOf, the other' ],
	[ '{ choose(choice: {colour: RED}) { text } }', undef, 'red', 'an enum inside' ],
	[ '{ choose(choice: {id: 5, name: "n"}) { text } }', undef, 'GRAPHQL_VALIDATION_FAILED', '@oneOf takes one' ],
	[ '{ numbers(ids: [1, "x", "9999999999999999999"]) { text } }', undef, '1', 'an id that cannot exist finds nothing' ],
	[ 'query ($i: [ID!]!) { numbers(ids: $i) { text } }', { i => [ 'x', 2 ] }, '2', 'nor by a variable' ],
	[ 'mutation { number(ids: [1, "x"]) { done } }', undef, 'BAD_USER_INPUT', 'a mutation refuses it' ],
	[ 'query ($w: [String]) { words(words: $w) { text } }', { w => ["a\0b"] }, 'BAD_USER_INPUT', 'U+0000 is refused' ],
	[ '{ words(words: ["a\u0000b"]) { text } }', undef, 'BAD_USER_INPUT', 'also in the document' ],
	[ 'query ($r: Range) { ranges(range: $r) { text } }', { r => {} }, 'BAD_USER_INPUT', 'a field that must be there' ],
	[ '{ ranges(range: {}) { text } }', undef, 'GRAPHQL_VALIDATION_FAILED', 'also in the document' ],
	[ 'query ($r: Range) { ranges(range: $r) { text } }', { r => { to => 1, from => 'x' } }, 'BAD_USER_INPUT', 'a field of another type' ],
);
for my $case (@cases)
{
	my ($document, $variables, $answer, $name) = @$case;
	my $found = ask($document, $variables);
	$found =~ s/ +\z// if $answer !~ / \z/;
	is($found, $answer, $name) or diag($document);
}

# ---- interfaces and unions ---------------------------------------------------------------------
for my $case (
	[ '{ things { __typename ... on Cat { id lives } ... on Dog { id bark } } }',
		'[{"__typename":"Cat","id":"1","lives":9},{"__typename":"Dog","bark":"loud","id":"1"},{"__typename":"Dog","bark":"soft","id":"2"}]',
		'a union: each row as its type has it; what is not seen, and types that are none, are left out' ],
	[ '{ things(first: 1) { ... on Cat { n: name } ... on Dog { n: bark } } }', '[{"n":"Tom"}]', 'one key for fields of two types' ],
	[ '{ things { ... on Dog { bark } } }', '[{},{"bark":"loud"},{"bark":"soft"}]', 'a type that is asked for nothing is an empty object' ],
	[ '{ things { ...F } } fragment F on Named { name friends { name ... on Dog { bark } } }',
		'[{"friends":[{"bark":"loud","name":"Rex"}],"name":"Tom"},{"friends":[{"name":"Tom"}],"name":"Rex"},{"friends":[],"name":"Bo"}]',
		'a fragment on an interface, below a union; an interface inside' ],
	[ '{ named(n: 2) { name __typename ... on Cat { lives } } }', '{"__typename":"Dog","name":"Rex"}', 'one row of an interface' ],
	[ '{ named(n: 3) { name } }', 'null', 'that may not be seen is null' ],
	[ '{ named(n: 7) { name } }', 'null', 'as is none' ])
{
	my ($document, $answer, $name) = @$case;
	is(ask($document), $answer, $name) or diag($document);
}
is(ask('{ things { name } }'), 'GRAPHQL_VALIDATION_FAILED', 'a union has no fields of its own');
is(ask('{ things { ... on Row { text } } }'), 'GRAPHQL_VALIDATION_FAILED', 'and takes no fragment on a type that is none of its own');
is(ask('{ named(n: 1) { friends { friends { friends { friends { friends { friends { friends { friends { friends { friends { friends { friends { name } } } } } } } } } } } } } }'), 'LIMIT_EXCEEDED', 'depth counts');
is(ask('{ named(n: 1) { friends { friends { friends { friends { friends { friends { friends { name } } } } } } } } }'), 'LIMIT_EXCEEDED', 'so does what the types multiply');

# ---- connections -------------------------------------------------------------------------------
my $info = 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';
my $ids  = sub { my ($answer) = @_; my $page = eval { decode_json($answer) } or return $answer; my $i = $page->{pageInfo};
	return join(' ', map { $_->{node}{id} } @{ $page->{edges} }) . ' | ' . join(' ', map { !defined ? '-' : ref ? ($_ ? 'yes' : 'no') : $_ } @$i{qw(hasPreviousPage hasNextPage startCursor endCursor)}) };
for my $case (
	[ '', '1 2 3 | no yes 1 3', 'the first page' ],
	[ '(after: "3")', '4 5 6 | yes yes 4 6', 'the next' ],
	[ '(first: 5, after: "6")', '7 8 9 10 | yes no 7 10', 'the last' ],
	[ '(after: "10")', ' | yes no - -', 'beyond it' ],
	[ '(last: 2, before: "7")', '5 6 | yes yes 5 6', 'backwards' ],
	[ '(last: 5, before: "3")', '1 2 | no yes 1 2', 'to the start' ],
	[ '(before: "7")', '4 5 6 | yes yes 4 6', 'backwards by the default size' ],
	[ '(first: 0)', 'BAD_USER_INPUT', 'no empty page: a list function has none' ])
{
	my ($arguments, $answer, $name) = @$case;
	is($ids->(ask("{ tens$arguments { edges { node { id } } $info } }")), $answer, $name);
}
is($ids->(ask("query (\$l: Int, \$b: String, \$a: String) { tens(last: \$l, before: \$b, after: \$a) { edges { node { id } } $info } }", { l => 1, b => '5', a => undef })), '4 | yes yes 4 4', 'by variables');
is(ask('{ tens(last: 2) { edges { cursor } } }'), 'BAD_USER_INPUT', 'last needs before');
is(ask('{ tens(first: 2, last: 2, before: "4") { edges { cursor } } }'), 'BAD_USER_INPUT', 'and goes without first');
is(ask('{ tens(after: "2", before: "4") { edges { cursor } } }'), 'BAD_USER_INPUT', 'one cursor');
is(ask('{ tens(first: 1000) { edges { cursor } } }'), 'LIMIT_EXCEEDED', 'pages have a largest size');
is(ask('{ tens(last: 1000, before: "4") { edges { cursor } } }'), 'LIMIT_EXCEEDED', 'backwards, too');
is(ask('{ tens(last: -1, before: "4") { edges { cursor } } }'), 'BAD_USER_INPUT', 'and none below nothing');
is(ask('{ tens(first: 2) { __typename a: edges { c: cursor __typename } b: edges { node { name next { id next { id } } } } p: pageInfo { __typename n: hasNextPage } } }'),
	'{"__typename":"Tens","a":[{"__typename":"TenEdge","c":"1"},{"__typename":"TenEdge","c":"2"}],"b":[{"node":{"name":"n1","next":{"id":"2","next":{"id":"3"}}}},{"node":{"name":"n2","next":{"id":"3","next":{"id":"4"}}}}],"p":{"__typename":"PageInfo","n":true}}',
	'edges twice, aliases, type names, what belongs to a node');
is(ask('{ tens(first: 2) { edges { node { more(first: 1) { edges { node { id more { pageInfo { endCursor hasNextPage } } } } pageInfo { hasNextPage endCursor } } } } } }'),
	'{"edges":[' . join(',', map { '{"node":{"more":{"edges":[{"node":{"id":"' . $_ . '1","more":{"pageInfo":{"endCursor":"2","hasNextPage":true}}}}],"pageInfo":{"endCursor":"1","hasNextPage":true}}}}' } 1, 2) . ']}',
	'a connection inside of a connection');
is(ask('{ tens(first: 100) { edges { node { more(first: 100) { edges { node { more(first: 100) { edges { cursor } } } } } } } } }'), 'LIMIT_EXCEEDED', 'their rows multiply');
is(ask('{ mixed { edges { cursor node { __typename ... on Cat { lives } ... on Dog { bark } } } } }'),
	'{"edges":[{"cursor":"1","node":{"__typename":"Cat","lives":9}},{"cursor":"2","node":{"__typename":"Dog","bark":"soft"}},{"cursor":"3","node":null}]}', 'nodes of a union');

# ---- @pages: a list declared once
for my $case (
	[ '{ eights { name } }', '[{"name":"e1"},{"name":"e2"},{"name":"e3"}]', 'the plain list, by the default of its own argument' ],
	[ '{ eights(limit: 9, size: 1) { id } }', '[' . join(',', map({ qq({"id":"$_"}) } 1 .. 8), 'null', 'null') . ']', 'rows by their key; what is not seen is null, as entries may be' ],
	[ '{ eightsConnection(after: "7") { edges { cursor node { name } } totalCount totalCountAtLeast } }',
		'{"edges":[{"cursor":"8","node":{"name":"e8"}},{"cursor":"9","node":null},{"cursor":"10","node":null}],"totalCount":10,"totalCountAtLeast":10}', 'or null in an edge' ],
	[ '{ eightsConnection(first: 1, size: 1) { e: edges { n: node { i: id } } t: totalCount } }', '{"e":[{"n":{"i":"1"}},{"n":{"i":"2"}}],"t":10}', 'arguments of its own, aliases' ],
	[ '{ eightsConnection { totalCount __typename } }', '{"__typename":"EightConnection","totalCount":10}', 'the total alone' ])
{
	my ($document, $answer, $name) = @$case;
	is(ask($document), $answer, $name) or diag($document);
}
is(ask('{ eightsConnection(limit: 1) { totalCount } }'), 'GRAPHQL_VALIDATION_FAILED', 'a connection has first instead');
is(ask('{ eightsConnection(last: 1) { totalCount } }'), 'GRAPHQL_VALIDATION_FAILED', 'and no way back where the source has none');

# ---- a scalar that takes any JSON value
for my $case (
	[ '{ json(json: {a: [1, -2.5, "x", true, null], b: {}}) { json type } }', undef, '{"json":{"a":[1,-2.5,"x",true,null],"b":{}},"type":"object"}', 'a literal of objects and lists' ],
	[ '{ json(json: "a \\"b\\"") { json type } }', undef, '{"json":"a \\"b\\"","type":"string"}', 'a string is a string' ],
	[ '{ json(json: 5) { json type } }', undef, '{"json":5,"type":"number"}', 'a number a number' ],
	[ '{ json(json: null) { json type } }', undef, '{"json":null,"type":null}', 'null nothing' ],
	[ 'query ($v: Int, $s: String!, $j: JSON) { json(json: {v: $v, s: [$s], j: $j, n: $v}) { json } }', { v => 7, s => '7', j => { k => [] } }, '{"json":{"j":{"k":[]},"n":7,"s":["7"],"v":7}}', 'variables inside' ],
	[ 'query ($j: JSON) { json(json: $j) { json type } }', { j => [ { a => JSON::PP::true }, undef ] }, '{"json":[{"a":true},null],"type":"array"}', 'as a variable' ],
	[ 'query ($j: JSON = {a: 1}) { json(json: $j) { json } }', undef, '{"json":{"a":1}}', 'its default' ],
	[ 'query ($b: Box) { json(box: $b) { any many } }', { b => { any => { x => 1 }, many => [ 1, 'a', [] ] } }, '{"any":{"x":1},"many":[1,"a",[]]}', 'inside of an input object, by a variable' ],
	[ '{ json(box: {any: [1], many: [{a: 1}, 2]}) { any many } }', undef, '{"any":[1],"many":[{"a":1},2]}', 'and by a literal' ])
{
	my ($document, $variables, $answer, $name) = @$case;
	is(ask($document, $variables), $answer, "JSON: $name") or diag($document);
}
is(ask('{ json(json: {a: 1, b: RED}) { type } }'), 'GRAPHQL_VALIDATION_FAILED', 'JSON has no enums');
is(ask('query ($j: JSON) { json(json: $j) { type } }', { j => { a => ["x\0"] } }), 'BAD_USER_INPUT', 'nor what cannot be stored');
is(ask('{ json(json: {a: $nobody}) { type } }'), 'GRAPHQL_VALIDATION_FAILED', 'nor variables that are not declared');

# An input object of @call: its fields are the function's arguments by name.
my $call = `$explain --schema test/data/language.graphql 'mutation { call(range: {to: 4}) { done } }'`;
like($call, qr/\Qsocial.call_of_a_test(from => (\E\$1\Q::jsonb #>> '{from}')::integer, to => (\E\$1\Q::jsonb #>> '{to}')::integer, tags => (CASE\E/, 'fields by name, out of one parameter');
like($call, qr/flag => \$2::boolean\)/, 'beside other arguments');
like($call, qr/^--   \$1 = \{"from":1,"to":4,"tags":\["x"\]\}$/m, 'with their defaults');
like(`$explain --schema test/data/language.graphql 'mutation { number(ids: [1]) { done } }'`, qr/\Qsocial.number_of_a_test(numbers => (CASE\E/, '@column: an argument whose parameter has another name');
done_testing;
