/* graphql_lex_test.c owns the tests of tokens and strings (GraphQL specification, section 2.1). */
#include "graphql/lex.h"
#include "tap.h"

static struct sb_arena arena;
static struct gql_tokens tokens;
static struct gql_errors errors;

static bool
lex_bytes(const char *source, size_t len)
{
	errors = (struct gql_errors){.arena = &arena, .source = source, .source_len = len};
	return gql_lex(&tokens, source, len, 1000, &errors);
}

static bool
lex(const char *source)
{
	return lex_bytes(source, strlen(source));
}

/* The kinds of the tokens, one character each. */
static const char *
kinds(const char *source)
{
	static char out[100];

	if (!lex(source))
		return "error";
	for (uint32_t i = 0; i < tokens.n; i++)
		out[i] = (char) tokens.items[i].kind;
	out[tokens.n] = '\0';
	return out;
}

static const char *
string(const char *source)
{
	uint32_t len;

	return lex(source) ? gql_string_value(&arena, source, &tokens.items[0], &len) : "error";
}

static void
test_tokens(void)
{
	is_str(kinds("{ a(b: $c) @d ...e [f!] | & = }"), "{n(n:$n)@n.n[n!]|&=}", "every punctuator");
	is_str(kinds(""), "", "nothing is no token");
	is_str(kinds(" \t\r\n,,, # comment \xC3\xA9 { \n"), "", "blanks, commas and comments are none");
	is_str(kinds("\xEF\xBB\xBF{a}"), "{n}", "a byte order mark is skipped");
	is_str(kinds("_a9 A__b"), "nn", "names");
	is_str(kinds("{ \xC3\xA9 }"), "error", "a letter beyond ASCII is no name");
	is_str(kinds("{a}\x01"), "error", "a control character is no token");
	is_str(kinds("{ .. }"), "error", "two dots are no spread");
	is_str(kinds("a ? b"), "error", "an unknown sign");
	ok(!lex_bytes("{a}\0", 4), "NUL between tokens is refused");
	ok(!lex("# \xFF"), "a comment must be UTF-8");
}

static void
test_numbers(void)
{
	static const char *const good[] = {"0",     "-0",  "7",    "-120",  "1.5",
									   "-0.25", "1e9", "1E-9", "2.5e+3"};
	static const char *const bad[] = {"01",   "-",    "1.",    ".5",  "1.e3",  "1e", "1e+",
									  "0x1F", "12ab", "1.2.3", "-01", "1_000", "+1"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(lex(good[i]) && tokens.n == 1, good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!lex(bad[i]), bad[i]);
	is_str(kinds("1 1.0 1e3"), "iff", "integers and floats are told apart");
}

static void
test_strings(void)
{
	uint32_t len;

	is_str(string("\"\""), "", "the empty string");
	is_str(string("\"a \\\"b\\\" \\\\ \\/ \\b\\f\\n\\r\\t\""), "a \"b\" \\ / \b\f\n\r\t",
		   "escapes");
	is_str(string("\"\\u00e9\\u20AC\""), "\xC3\xA9\xE2\x82\xAC", "four-digit escapes");
	is_str(string("\"\\u{1F600}\""), "\xF0\x9F\x98\x80", "braced escape");
	is_str(string("\"\\u{0000000041}\""), "A", "braced escape with leading zeros");
	is_str(string("\"\\uD83D\\uDE00\""), "\xF0\x9F\x98\x80", "a surrogate pair is one character");
	is_str(string("\"\xF0\x9F\x98\x80 # not a comment\""), "\xF0\x9F\x98\x80 # not a comment",
		   "characters as they are");
	is_str(string("\"\\uD83D\""), "error", "a lone leading surrogate");
	is_str(string("\"\\uDE00\""), "error", "a lone trailing surrogate");
	is_str(string("\"\\uD83D\\u0041\""), "error", "a surrogate with a letter");
	is_str(string("\"\\u{D800}\""), "error", "a braced surrogate");
	is_str(string("\"\\u{110000}\""), "error", "past the last character");
	is_str(string("\"\\u{ffffffffffffffffffff}\""), "error", "far past the last character");
	is_str(string("\"\\u{}\""), "error", "no digits");
	is_str(string("\"\\u{41\""), "error", "an open brace");
	is_str(string("\"\\u00g1\""), "error", "not hexadecimal");
	is_str(string("\"\\x41\""), "error", "an unknown escape");
	is_str(string("\"a"), "error", "an open string");
	is_str(string("\"a\nb\""), "error", "a line end in a string");
	is_str(string("\"\xC3\""), "error", "half a character");
	is_str(string("\"\xED\xA0\x80\""), "error", "an encoded surrogate");
	ok(lex("\"a\\u0000b\""), "an escaped NUL is a character");
	gql_string_value(&arena, "\"a\\u0000b\"", &tokens.items[0], &len);
	is_int(len, 3, "and counts in the length");
}

static void
test_block_strings(void)
{
	is_str(string("\"\"\"\"\"\""), "", "the empty block string");
	is_str(string("\"\"\"a \"quoted\" \\n b\"\"\""), "a \"quoted\" \\n b", "no escapes but one");
	is_str(string("\"\"\"a \\\"\"\" b\"\"\""), "a \"\"\" b", "three quotes escaped");
	is_str(string("\"\"\"\n    Hello,\n      World!\n\n    Yours,\n      GraphQL.\n  \"\"\""),
		   "Hello,\n  World!\n\nYours,\n  GraphQL.", "common indentation goes, blank ends go");
	is_str(string("\"\"\"  a\n  b\"\"\""), "  a\nb", "the first line keeps its indentation");
	is_str(string("\"\"\"a\r\n b\r c\"\"\""), "a\nb\nc", "every line end becomes one");
	is_str(string("\"\"\"\n\n\"\"\""), "", "only blank lines");
	is_str(string("\"\"\"a"), "error", "an open block string");
	is_str(string("\"\"\"a\\\"\"\""), "error", "its end escaped");
}

static void
test_places(void)
{
	int line;
	int column;

	gql_locate("a\nb\r\nc\rd\xC3\xA9 f", 12, 10, &line, &column);
	is_int(line, 4, "every kind of line end counts once");
	is_int(column, 3, "columns count characters");
}

int
main(void)
{
	test_tokens();
	test_numbers();
	test_strings();
	test_block_strings();
	test_places();
	gql_tokens_free(&tokens);
	sb_arena_free(&arena);
	return done_testing();
}
