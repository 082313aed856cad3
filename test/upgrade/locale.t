# locale.t: databases of other locales and encodings: search knows small letters where the locale does not,
# and what cannot work is refused at once. mission 058, 059, 130.
use strict;
use warnings;
use lib 'test/upgrade';
use Databases;
use Test::More;

my $plain = create_database("social_locale_c_$$", "LC_COLLATE 'C' LC_CTYPE 'C'");
is(sql($plain, q{SELECT lower('Ä')}), 'Ä', 'locale C does not know the small letters of others');
sql($plain, 'CREATE EXTENSION social');
sql($plain, <<'SQL');
SELECT social.register_user('ann', 'ann@e.com', 'long password');
SELECT social.act_as('ann', session => true);
SELECT social.create_post('ÄPFEL ÉCOLE МОСКВА Title ȺȺ', 'İZMİR #ÄPFEL, МОСКВА');
SELECT social.create_post('äpfel', 'small');
SQL
for my $query ('äpfel', 'ÄPFEL', '"école москва"', 'Москва title', 'ⱥⱥ', 'izmir', '-small äpfel') {
	cmp_ok(sql($plain, "SELECT count(*) FROM social.search_posts('$query')"), '>', 0, "$query is found, however it is written");
}
like(sql($plain, q{SELECT snippet FROM social.search_posts('москва')}), qr{<mark>москва</mark>}, 'and marked');
is(sql($plain, q{SELECT count(*) FROM social.hashtag_posts('äpfel')}), 1, 'tags as ever');
is(sql($plain, q{SELECT string_agg(name, ' ') FROM social.check() WHERE status = 'error'}), '', 'nothing is wrong');

sub refused
{
	my ($database) = @_;
	return `psql -X -d $database -c 'CREATE EXTENSION social' 2>&1`;
}
like(refused(create_database("social_locale_tr_$$", "LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LOCALE 'C'")), qr/^ERROR: .*small letter of I\nHINT/, 'a database where I and i are two letters is refused');
like(refused(create_database("social_locale_latin1_$$", "LC_COLLATE 'C' LC_CTYPE 'C'", 'LATIN1')), qr/^ERROR: .*needs a database in UTF8; this one is in LATIN1/, 'as is one of another encoding');

done_testing;
