-- sport.sql proves leagues, teams and athletes: who writes them, what they may say, imports, lists.
BEGIN;
SELECT no_plan();

SELECT social.register_user('sp_staff', 'sp_staff@example.com', 'correct horse'), social.register_user('sp_ann', 'sp_ann@example.com', 'correct horse'), social.register_user('sp_bob', 'sp_bob@example.com', 'correct horse') \g /dev/null
UPDATE social.users SET is_staff = true WHERE username = 'sp_staff';
SELECT id AS staff FROM social.users WHERE username = 'sp_staff' \gset
SELECT id AS ann FROM social.users WHERE username = 'sp_ann' \gset

-- ---- who -------------------------------------------------------------------------------------------

SELECT social.act_as(:ann) \g /dev/null
SELECT throws_ok($$ SELECT social.create_league('Sp League') $$, 'SM403', NULL, 'seed 110: people make no leagues');
SELECT throws_ok($$ SELECT social.sports_import('sp', '{}') $$, 'SM403', NULL, 'and import nothing');
SELECT throws_ok($$ SELECT social.delete_team(1) $$, 'SM403', NULL, 'nor delete');
SELECT throws_ok($$ SELECT social.link_sport_subject(1, 'sp', '1') $$, 'SM403', NULL, 'nor say who is who');
SELECT throws_ok($$ SELECT social.unlink_sport_subject(1, 'sp', '1') $$, 'SM403', NULL, 'nor who is not');
SELECT social.act_as(NULL::bigint) \g /dev/null
SELECT lives_ok($$ SELECT social.create_league('Sp Service League') $$, 'a role that may act as anybody does, as nobody');
CREATE ROLE sp_reader; SELECT social.grant_reader('sp_reader') \g /dev/null
SET SESSION AUTHORIZATION sp_reader;
SELECT throws_ok($$ SELECT social.create_league('Sp League') $$, 'SM401', NULL, 'a reader does not');
SELECT isnt_empty($$ SELECT FROM social.visible_leagues WHERE name = 'Sp Service League' $$, 'seed 048: but reads them');
SELECT throws_ok($$ SELECT FROM social.leagues $$, '42501', NULL, 'by the views alone');
RESET SESSION AUTHORIZATION;

-- ---- what ------------------------------------------------------------------------------------------

SELECT social.act_as(:staff) \g /dev/null
SELECT social.create_league('Première Liga', sport => 'Soccer', description => E'The\nfirst', country => 'France', logo_url => 'https://example.com/l.png', standings => '[{"team": "Lions", "points": 3}]') AS league \gset
SELECT results_eq(format('SELECT slug, name, sport, description, country, logo_url, standings FROM social.visible_leagues WHERE id = %s', :league),
	$$ VALUES ('premiere-liga'::text COLLATE "C", 'Première Liga', 'Soccer', E'The\nfirst', 'France', 'https://example.com/l.png', '[{"team": "Lions", "points": 3}]'::jsonb) $$, 'seed 110: a league with all its fields');
SELECT social.create_team('Sp Lions', :league, abbreviation => 'LIO', city => 'Lyon', country => 'France', logo_url => 'media/teams/1.png', stadium_name => 'Old Ground', stadium_capacity => 59186, roster => '[{"number": 10}]', schedule => '{"2026": []}') AS team \gset
SELECT results_eq(format('SELECT slug, name, abbreviation, sport, league_id, city, country, logo_url, stadium_name, stadium_capacity, roster, schedule FROM social.visible_teams WHERE id = %s', :team),
	format($$ VALUES ('sp-lions'::text COLLATE "C", 'Sp Lions', 'LIO', 'Soccer', %s::bigint, 'Lyon', 'France', 'media/teams/1.png', 'Old Ground', 59186, '[{"number": 10}]'::jsonb, '{"2026": []}'::jsonb) $$, :league), 'seed 111: a team with all its fields, its sport that of the league');
SELECT social.create_athlete('Zoë', 'Okafor', :team, athlete_position => 'Goal', career_stats => '{"games": 7}', achievements => '["Cup"]', photo_url => 'https://example.com/z.jpg') AS athlete \gset
SELECT results_eq(format('SELECT slug, name, first_name, last_name, position, team_id, sport, career_stats, achievements, photo_url FROM social.visible_athletes WHERE id = %s', :athlete),
	format($$ VALUES ('zoe-okafor'::text COLLATE "C", 'Zoë Okafor', 'Zoë', 'Okafor', 'Goal', %s::bigint, 'Soccer', '{"games": 7}'::jsonb, '["Cup"]'::jsonb, 'https://example.com/z.jpg') $$, :team), 'seed 112: an athlete likewise');

SELECT social.update_team(:team, city => 'Paris', abbreviation => '', schedule => '[]') \g /dev/null
SELECT results_eq(format('SELECT city, abbreviation, schedule, name, league_id FROM social.visible_teams WHERE id = %s', :team),
	format($$ VALUES ('Paris', '', '[]'::jsonb, 'Sp Lions', %s::bigint) $$, :league), 'what is said changes, an empty text clears, the rest stays');
SELECT social.update_athlete(:athlete, last_name => 'Diallo') \g /dev/null
SELECT is((SELECT name || ' ' || slug FROM social.visible_athletes WHERE id = :athlete), 'Zoë Diallo zoe-okafor', 'a new name keeps its address');
SELECT is((SELECT count(*) FROM social.audit_log WHERE actor_id = :staff AND action IN ('create_league', 'create_team', 'create_athlete', 'update_team', 'update_athlete')), 5::bigint, 'each act is in the audit log');
SELECT social.update_team(:team, city => 'Paris') \g /dev/null
SELECT is((SELECT count(*) FROM social.audit_log WHERE action = 'update_team' AND object_id = :team), 1::bigint, 'one that changes nothing is not');

-- ids of the wrong kind, and none
SELECT throws_ok(format('SELECT social.update_league(%s, name => ''x'')', :team), 'SM404', 'league not found', 'a team is no league');
SELECT throws_ok(format('SELECT social.create_team(''x'', %s)', :athlete), 'SM404', 'league not found', 'an athlete has no teams');
SELECT throws_ok(format('SELECT social.update_athlete(%s, team_id => %s)', :athlete, :league), 'SM404', 'team not found', 'nor a league athletes');
SELECT throws_ok(format('SELECT social.delete_athlete(%s)', :team), 'SM404', 'athlete not found', 'a team is not deleted as an athlete');
SELECT throws_ok('SELECT social.update_team(NULL, name => ''x'')', 'SM404', NULL, 'null is nobody');
SELECT throws_ok('SELECT social.create_team(''x'', -1)', 'SM400', NULL, 'and -1 neither');

-- texts, addresses, JSON
SELECT throws_ok(q, code, NULL, left(q, 70)) FROM (VALUES
	('SELECT social.create_league('''')', 'SM400'), ('SELECT social.create_league(NULL)', 'SM400'), ('SELECT social.create_league(repeat(''x'', 201))', 'SM400'),
	('SELECT social.create_league(repeat(''x'', 1048576))', 'SM400'), ('SELECT social.create_league(E''two\nlines'')', 'SM400'), ('SELECT social.create_league(chr(8203))', 'SM400'),
	('SELECT social.create_league(''x'', description => repeat(''x'', 5001))', 'SM400'), ('SELECT social.create_league(''x'', logo_url => ''javascript:alert(1)'')', 'SM400'),
	('SELECT social.create_league(''x'', logo_url => ''https://'' || repeat(''x'', 500))', 'SM400'), ('SELECT social.create_league(''x'', slug => ''!!!'')', 'SM400'),
	('SELECT social.create_league(''x'', slug => repeat(chr(65018), 50))', 'SM400'), ('SELECT social.create_athlete(''  '', '''')', 'SM400'), ('SELECT social.create_team(''x'', stadium_capacity => -1)', 'SM400'), ('SELECT social.create_team(''x'', stadium_capacity => 2000000)', 'SM400'),
	('SELECT social.create_team(''x'', abbreviation => ''elevenchars'')', 'SM400'),
	('SELECT social.create_league(''x'', standings => ''"text"'')', 'SM400'), ('SELECT social.create_league(''x'', standings => ''7'')', 'SM400'),
	('SELECT social.create_league(''x'', standings => to_jsonb(ARRAY[repeat(''x'', 262143)]))', 'SM400'),
	('SELECT social.create_league(''x'', standings => (repeat(''['', 14) || repeat('']'', 14))::jsonb)', 'SM400'),
	('SELECT social.create_league(''x'', standings => (repeat(''['', 13) || repeat('']'', 13))::jsonb)', 'SM400'), ('SELECT social.create_league(''x'', standings => (repeat(''{"a":'', 13) || ''1'' || repeat(''}'', 13))::jsonb)', 'SM400'),
	('SELECT social.create_league(''x'', standings => ''[1e131000]'')', 'SM400'), ('SELECT social.create_league(''x'', standings => ''[0e-16000]'')', 'SM400'),
	('SELECT social.create_league(''x'', standings => (''['' || repeat(''{"a":1e99999},'', 20000) || ''1]'')::jsonb)', 'SM400')) v (q, code);
SELECT lives_ok($$ SELECT social.create_league('Sp Deep', standings => (repeat('[', 12) || '7' || repeat(']', 12))::jsonb), social.create_league('Sp Deep', standings => (repeat('[', 12) || repeat(']', 12))::jsonb) $$, 'twelve levels are fine');
SELECT lives_ok($$ SELECT social.create_league('Sp Large', standings => to_jsonb(ARRAY[repeat('x', 262140)])) $$, 'and 256 kB');

-- ---- slugs -----------------------------------------------------------------------------------------

SELECT is(social.sport_slug(said), slug, said || ' is ' || slug) FROM (VALUES
	('FC  Köln (1948) ', 'fc-koln-1948'), ('Ｆｕｌｌ Width', 'full-width'), ('ФК Зенит', 'фк-зенит'), ('Ελλάδα', 'ελλαδα'), ('東京ヤクルト', '東京ヤクルト'), ('दिल्ली कैपिटल्स', 'दिल्ली-कैपिटल्स'),
	('Straße', 'strasse'), ('!!! ', ''), ('K', 'k'), ('🏀', ''), ('../../etc', 'etc'), ('%2e%2e', '2e-2e')) v (said, slug);
SELECT is(social.sport_slug(NULL), NULL, 'null is null');
CREATE FUNCTION pg_temp.slug(id bigint) RETURNS text LANGUAGE sql AS $$ SELECT slug::text FROM social.visible_sport_subjects WHERE id = $1 $$;
SELECT is(pg_temp.slug(social.create_league('PREMIERE  LIGA')), 'premiere-liga-2', 'a slug that folds into another one gets a number');
SELECT is(pg_temp.slug(social.create_league(E'Premie\u0301re liga')), 'premiere-liga-3', 'and so on');
SELECT is(pg_temp.slug(social.create_team('Premiere Liga')), 'premiere-liga', 'each kind by itself');
SELECT throws_ok($$ SELECT social.create_league('Other', slug => 'PREMIÈRE liga') $$, 'SM409', 'slug is taken', 'one that is given is refused');
SELECT throws_ok(format('SELECT social.update_league(%s, slug => ''premiere-liga-2'')', :league), 'SM409', 'slug is taken', 'also later');
SELECT is(pg_temp.slug(social.create_team('!!!')), 'team', 'a name without letters has that of its kind');
SELECT social.create_team('Sp Twins') FROM generate_series(1, 20) \g /dev/null
SELECT social.create_team('Sp Twins') AS twin \gset
SELECT is((SELECT slug COLLATE "default" FROM social.visible_teams WHERE id = :twin), 'sp-twins-' || :twin, 'after twenty of one name the id tells them apart');

-- ---- lists -----------------------------------------------------------------------------------------

SELECT is((SELECT array_agg(id) FROM social.leagues('SOCCER', 'france')), ARRAY[:league::bigint], 'leagues by sport and country, in any case');
SELECT is((SELECT array_agg(id) FROM social.teams(:league)), ARRAY[:team::bigint], 'teams of a league');
SELECT is((SELECT array_agg(id) FROM social.athletes(:team, 'soccer')), ARRAY[:athlete::bigint], 'athletes of a team');
SELECT is_empty(format('SELECT FROM social.teams(%s)', :team), 'a team has no teams');
SELECT is((SELECT array_agg(kind::text) FROM social.search_sports('okafor')), NULL, 'an old name is not found');
SELECT is((SELECT array_agg(kind::text || ' ' || slug) FROM social.search_sports('zoe dial', first => 1)), ARRAY['athlete zoe-okafor'], 'search by what is typed');
SELECT is((SELECT array_agg(id) FROM social.search_sports('Dialo')), ARRAY[:athlete::bigint], 'but for a typing error');
SELECT is((SELECT array_agg(kind::text || ' ' || name) FROM social.search_sports('premiere liga', 'team')), ARRAY['team Premiere Liga'], 'of one kind');
SELECT throws_ok($$ SELECT social.search_sports('x', 'coach') $$, 'SM400', 'invalid kind', 'that there is');

-- ---- import ----------------------------------------------------------------------------------------

SELECT social.sports_import('spfeed', '{"leagues": [{"id": "L1", "name": "Feed League", "sport": "Hockey", "standings": {"a": 1}}],
	"teams": [{"id": "T1", "league": "L1", "name": "Feed Owls", "stadium_capacity": 60.0}, {"id": 2, "league": "L1", "name": "Feed Bears"}],
	"athletes": [{"id": "A1", "team": "2", "first_name": "Ida", "last_name": "Feed", "career_stats": {"goals": 3}}]}') AS counts \gset
SELECT is(:'counts'::jsonb, '{"leagues": {"inserted": 1, "updated": 0, "unchanged": 0}, "teams": {"inserted": 2, "updated": 0, "unchanged": 0}, "athletes": {"inserted": 1, "updated": 0, "unchanged": 0}}', 'an import says what it did');
SELECT is((SELECT t.name || ', ' || l.name || ', ' || t.sport FROM social.visible_athletes a JOIN social.visible_teams t ON t.id = a.team_id JOIN social.visible_leagues l ON l.id = t.league_id WHERE a.name = 'Ida Feed'),
	'Feed Bears, Feed League, Hockey', 'seed 150: league, team, athlete');
SELECT is(social.sports_import('spfeed', '{"leagues": [{"id": "L1", "name": "Feed League", "sport": "Hockey", "standings": {"a": 1.0}}],
	"teams": [{"id": "T1", "league": "L1", "name": "Feed Owls", "stadium_capacity": 60}, {"id": "2", "name": "Feed Grizzlies"}], "athletes": [{"id": "A1", "team": null}]}'),
	'{"leagues": {"inserted": 0, "updated": 0, "unchanged": 1}, "teams": {"inserted": 0, "updated": 1, "unchanged": 1}, "athletes": {"inserted": 0, "updated": 1, "unchanged": 0}}', 'again: what is the same stays, what is said changes');
SELECT is((SELECT team_id IS NULL AND career_stats = '{"goals": 3}' FROM social.visible_athletes WHERE name = 'Ida Feed'), true, 'null takes out of the team, what is not said stays');
SELECT throws_ok($$ SELECT social.sports_import('spfeed', '{"leagues": [{"id": "L9", "name": "Feed Nine"}], "teams": [{"id": "T8", "league": "L9", "name": "x"}, {"id": "T9", "league": "nobody", "name": "x"}]}') $$,
	'SM400', 'teams[1]: league is not known', 'a missing parent is named with its row');
SELECT is_empty($$ SELECT FROM social.sport_external_ids WHERE external_id IN ('L9', 'T8') UNION ALL SELECT FROM social.sport_subjects WHERE name = 'Feed Nine' $$, 'and nothing of it stays');
SELECT throws_ok('SELECT social.sports_import(''spfeed'', $j$' || doc || '$j$)', code, message, message) FROM (VALUES
	('{"teams": [{"id": "T1"}, {"id": "T1"}]}', 'SM400', 'teams[0]: its id stands in the import more than once'), ('{"teams": [{"name": "x"}]}', 'SM400', 'teams[0]: id is required'),
	('{"teams": [7]}', 'SM400', 'teams[0]: it must be an object'), ('{"teams": [{"id": "x", "name": "x", "colour": "red"}]}', 'SM400', 'teams[0]: unknown field'),
	('{"teams": [{"id": "x", "name": "x", "league_id": 1}]}', 'SM400', 'teams[0]: unknown field'), ('{"teams": [{"id": "new"}]}', 'SM400', 'teams[0]: name is required'),
	('{"teams": [{"id": "x", "name": ["x"]}]}', 'SM400', 'teams[0]: name must be a text'), ('{"teams": [{"id": "x", "name": "x", "roster": "x"}]}', 'SM400', 'teams[0]: roster must be an object or a list'),
	('{"teams": [{"id": "x", "name": "x", "roster": null}]}', 'SM400', 'teams[0]: roster cannot be null'),
	('{"leagues": [{"id": "x", "name": "x", "slug": "premiere-liga"}]}', 'SM409', 'leagues[0]: slug is taken'), ('{"teams": [{"id": "x", "name": 1e131000}]}', 'SM400', 'the import holds a number that is out of range'),
	('{"coaches": []}', 'SM400', 'invalid import'), ('[]', 'SM400', 'invalid import'), ('{"teams": {}}', 'SM400', 'invalid import'),
	('{"teams": [{"id": "x", "name": "x", "stadium_capacity": "many"}]}', 'SM400', 'teams[0]: stadium capacity must be a whole number')) v (doc, code, message);
SELECT throws_ok($$ SELECT social.sports_import('spfeed', NULL) $$, 'SM400', 'invalid import', 'null is none');
SELECT throws_ok($$ SELECT social.sports_import('', '{}') $$, 'SM400', 'provider is required', 'and somebody provides it');
SELECT throws_ok($$ SELECT social.sports_import('spfeed', jsonb_build_object('teams', (SELECT jsonb_agg(jsonb_build_object('id', n, 'name', 'x')) FROM generate_series(1, 10001) n))) $$, 'SM400', 'the import has too many rows', 'in bounds');
SELECT is(social.sports_import('other', '{"teams": [{"id": "T1", "name": "Feed Owls"}]}') -> 'teams' ->> 'inserted', '1', 'another provider''s T1 is another team');
SELECT social.link_sport_subject(:team, 'other', 'T7') \g /dev/null
SELECT is(social.sports_import('other', '{"teams": [{"id": "T7", "city": "Lille"}]}') -> 'teams' ->> 'updated', '1', 'what staff made and linked is known');
SELECT throws_ok(format('SELECT social.link_sport_subject(%s, ''other'', ''T1'')', :team), 'SM409', NULL, 'an id means one team');
SELECT lives_ok(format('SELECT social.link_sport_subject(%s, ''other'', ''T1'')', :league), 'and may mean a league as well');
SELECT throws_ok('SELECT social.link_sport_subject(-1, ''other'', ''T1'')', 'SM404', NULL, 'that there is');

SELECT social.unlink_sport_subject(:team, 'other', 'T7'), social.unlink_sport_subject(:team, 'other', 'T7') \g /dev/null
SELECT is_empty(format('SELECT FROM social.visible_sport_external_ids WHERE subject_id = %s AND provider = ''other''', :team), 'staff take back who is who, again is harmless');
SELECT social.unlink_sport_subject(:league, 'other', 'T7') \g /dev/null
SELECT isnt_empty(format('SELECT FROM social.visible_sport_external_ids WHERE subject_id = %s AND external_id = ''T1''', :league), 'of the one alone that is meant');
SELECT throws_ok('SELECT social.unlink_sport_subject(-1, ''other'', ''T1'')', 'SM404', NULL, 'that there is');

-- ---- posts about them --------------------------------------------------------------------------------

SELECT social.act_as(:ann) \g /dev/null
SELECT social.create_post('Sp one', 'about the Lions') AS one, social.create_post('Sp two', 'a draft', is_published => false) AS two \gset
SELECT social.set_post_subjects(:one, ARRAY[:team, :league, :team]), social.set_post_subjects(:two, ARRAY[:team]) \g /dev/null
SELECT is((SELECT array_agg(kind::text ORDER BY kind) FROM social.visible_post_subjects WHERE post_id = :one), '{league,team}', 'a post is about a league and a team');
SELECT is((SELECT array_agg(id) FROM social.subject_posts(:team)), ARRAY[:one::bigint], 'and stands on the team''s page, a draft does not');
SELECT social.publish_post(:two) \g /dev/null
SELECT is((SELECT array_agg(id) FROM social.subject_posts(:team)), ARRAY[:two, :one]::bigint[], 'until it is published');
SELECT social.delete_post(:two) \g /dev/null
SELECT is((SELECT array_agg(id) FROM social.subject_posts(:team)), ARRAY[:one::bigint], 'nor does one that is deleted');
SELECT social.restore_post(:two) \g /dev/null
SELECT is((SELECT array_agg(id) FROM social.subject_posts(:team)), ARRAY[:two, :one]::bigint[], 'until it is restored');
SELECT social.set_post_subjects(:one, ARRAY[:athlete]), social.set_post_subjects(:two, NULL) \g /dev/null
SELECT is((SELECT array_agg(id) FROM social.subject_posts(:team)), ARRAY[:two::bigint], 'what is no longer said is over, null leaves it');
SELECT social.create_post('Sp made', 'with it', subject_ids => ARRAY[:athlete, :league]) AS made, social.create_post('Sp made', 'a draft', is_published => false, subject_ids => ARRAY[:athlete]) AS made_draft \gset
SELECT set_eq(format('SELECT id FROM social.visible_post_subjects WHERE post_id = %s', :made), ARRAY[:athlete, :league]::bigint[], 'a post is made with what it is about');
SELECT is((SELECT array_agg(id) FROM social.subject_posts(:athlete) WHERE id <> :one), ARRAY[:made::bigint], 'and stands there, a draft does not');
SELECT throws_ok(format('SELECT social.create_post(''Sp not kept'', ''x'', subject_ids => ARRAY[%s, -1])', :team), 'SM404', 'league, team or athlete not found', 'or is not made');
SELECT is_empty($$ SELECT FROM social.posts WHERE title = 'Sp not kept' $$, 'at all');
SELECT social.delete_post(:made), social.delete_post(:made_draft) \g /dev/null
SELECT throws_ok(format('SELECT social.set_post_subjects(%s, ARRAY[1,2,3,4,5,6])', :one), 'SM400', 'a post has too many subjects', 'five at most');
SELECT throws_ok(format('SELECT social.set_post_subjects(%s, ARRAY[%s, -1])', :one, :team), 'SM404', 'league, team or athlete not found', 'and such as there are');
SELECT throws_ok(format('SELECT social.set_post_subjects(%s, ARRAY[%s, NULL])', :one, :team), 'SM404', NULL, 'null is none');
SELECT throws_ok('SELECT * FROM social.subject_posts(-1)', 'SM404', NULL, 'what there is not has no page');
SELECT social.act_as(:staff) \g /dev/null
SELECT throws_ok(format('SELECT social.set_post_subjects(%s, ARRAY[%s])', :one, :team), 'SM403', NULL, 'nobody else says what a post is about');
SELECT social.act_as('sp_bob') \g /dev/null
SELECT isnt_empty(format('SELECT FROM social.subject_posts(%s)', :team), 'others see the page');
SELECT social.block_user(:ann) \g /dev/null
SELECT is_empty(format('SELECT FROM social.subject_posts(%s)', :team), 'who is blocked is not there');
SELECT social.unblock_user(:ann) \g /dev/null
UPDATE social.users SET suspended_at = now() WHERE id = :ann;
SELECT is_empty(format('SELECT FROM social.subject_posts(%s)', :team), 'nor who is suspended');
UPDATE social.users SET suspended_at = NULL WHERE id = :ann;
SELECT social.act_as(:staff) \g /dev/null

UPDATE social.post_subjects SET position = position - 1 WHERE post_id = :two;
SELECT results_eq('SELECT counter, object_id, actual - stored FROM social.reconcile()', format('VALUES (''post_subjects.position'', %s::bigint, 1::bigint)', :two), 'a place that is not the post''s is found');
SELECT isnt_empty('SELECT FROM social.reconcile(true)', 'and put right');
SELECT is((SELECT s.position = p.position FROM social.post_subjects s JOIN social.posts p ON p.id = s.post_id WHERE p.id = :two), true, 'by reconcile');
SELECT is_empty('SELECT FROM social.reconcile()', 'for good');

-- ---- following ---------------------------------------------------------------------------------------

SELECT social.act_as(NULL::bigint) \g /dev/null
SELECT throws_ok(format('SELECT social.follow_subject(%s)', :team), 'SM401', NULL, 'nobody follows nothing');
SELECT throws_ok('SELECT * FROM social.followed_subjects()', 'SM401', NULL, 'nor has a list of it');
SELECT is_empty('SELECT FROM social.own_sport_follows', 'nor sees one');
SELECT social.act_as('sp_bob') \g /dev/null
SELECT is(social.follow_subject(:team), :team::bigint, 'a team is followed');
SELECT is(social.follow_subject(:team), :team::bigint, 'again is harmless');
SELECT social.follow_subject(:league) \g /dev/null
SELECT results_eq('SELECT id, kind::text, slug::text, followers_count FROM social.followed_subjects()', format('VALUES (%2$s::bigint, ''team'', ''sp-lions'', 1::bigint), (%1$s, ''league'', ''premiere-liga'', 1)', :league, :team), 'the list; of one moment the highest id first');
SELECT is((SELECT array_agg(id) FROM social.followed_subjects('team')), ARRAY[:team::bigint], 'of one kind');
SELECT throws_ok($$ SELECT social.followed_subjects('coach') $$, 'SM400', 'invalid kind', 'that there is');
SELECT results_eq(format('SELECT subject_id FROM social.own_sport_follows WHERE subject_id = %s', :team), ARRAY[:team::bigint], 'the viewer follows it');
SELECT throws_ok('SELECT social.follow_subject(-1)', 'SM404', 'league, team or athlete not found', 'what there is not cannot be followed');
SELECT throws_ok('SELECT social.follow_subject(NULL)', 'SM404', NULL, 'nor null');
SELECT throws_ok('SELECT social.unfollow_subject(-1)', 'SM404', NULL, 'nor no longer');
SELECT social.act_as(:ann) \g /dev/null
SELECT is_empty('SELECT FROM social.own_sport_follows', 'which is nobody else''s business');
SELECT social.follow_subject(:team) \g /dev/null
SELECT is((SELECT followers_count FROM social.visible_teams WHERE id = :team), 2::bigint, 'how many follow it is for all to see');
SELECT is((SELECT followers_count FROM social.teams(:league) t WHERE t.id = :team), 2::bigint, 'in lists');
SELECT is((SELECT followers_count FROM social.search_sports('sp lions')), 2::bigint, 'and in searches');
SELECT is_empty('SELECT FROM social.reconcile()', 'P-03: and is so');
UPDATE social.subject_counters SET followers_count = 7 WHERE subject_id = :team;
SELECT results_eq('SELECT counter, object_id, stored, actual FROM social.reconcile()', format('VALUES (''subject_counters.followers_count'', %s::bigint, 7::bigint, 2::bigint)', :team), 'reconcile finds what is not');
SELECT isnt_empty('SELECT FROM social.reconcile(true)', 'and repairs it');
INSERT INTO social.subject_counter_deltas VALUES (:team, 3);
SELECT is((SELECT followers_count FROM social.visible_teams WHERE id = :team), 5::bigint, 'what waits to be folded counts');
DELETE FROM social.subject_counter_deltas WHERE subject_id = :team;
UPDATE social.users SET suspended_at = now() WHERE id = :ann;
SELECT social.recount() \g /dev/null
SELECT is((SELECT followers_count FROM social.visible_teams WHERE id = :team), 1::bigint, 'who is suspended counts no more');
UPDATE social.users SET suspended_at = NULL WHERE id = :ann;
SELECT social.recount() \g /dev/null
SELECT is((SELECT followers_count FROM social.visible_teams WHERE id = :team), 2::bigint, 'and again when they are back');
SELECT is(social.unfollow_subject(:team), :team::bigint, 'a team is followed no longer');
SELECT is(social.unfollow_subject(:team), :team::bigint, 'again is harmless');
SELECT is((SELECT followers_count FROM social.visible_teams WHERE id = :team), 1::bigint, 'and counted');
INSERT INTO social.sport_subjects (kind, slug, name) SELECT 'athlete', 'sp-many-' || n, 'Sp Many' FROM generate_series(1, 2000) n;
INSERT INTO social.sport_follows (user_id, subject_id) SELECT :ann, s.id FROM social.sport_subjects s WHERE s.name = 'Sp Many';
SELECT throws_ok(format('SELECT social.follow_subject(%s)', :team), 'SM409', 'you follow too many leagues, teams and athletes', 'two thousand are enough');
SELECT lives_ok($$ SELECT social.follow_subject((SELECT min(s.id) FROM social.sport_subjects s WHERE s.name = 'Sp Many')) $$, 'what one follows one follows');
DELETE FROM social.sport_subjects s WHERE s.name = 'Sp Many';
SELECT is_empty(format('SELECT FROM social.sport_follows WHERE user_id = %s UNION ALL SELECT FROM social.subject_counters c WHERE NOT EXISTS (SELECT FROM social.sport_subjects s WHERE s.id = c.subject_id)', :ann), 'subjects that go take their followers and counts along');
SELECT isnt_empty(format('SELECT FROM social.admin_sport_follows WHERE subject_id = %s AND username = ''sp_bob''', :team), 'administrators see who follows');

-- ---- streams about them --------------------------------------------------------------------------------

SELECT (c.stream).id AS match FROM social.create_stream('Sp match', is_open => true, subject_ids => ARRAY[:team, :league, :team]) c \gset
SELECT set_eq(format('SELECT id FROM social.visible_stream_subjects WHERE stream_id = %s', :match), ARRAY[:team, :league]::bigint[], 'a stream is about a team and a league');
SELECT results_eq(format('SELECT (x ->> ''id'')::bigint FROM social.visible_streams s, json_array_elements(social.stream_json(s) -> ''subjects'') x WHERE s.id = %s', :match), format('SELECT id FROM social.visible_stream_subjects WHERE stream_id = %s ORDER BY id', :match), 'which it says');
SELECT is((SELECT array_agg(id) FROM social.subject_streams(:team)), ARRAY[:match::bigint], 'and stands on the team''s page');
SELECT social.update_stream(:match, title => 'Sp game') \g /dev/null
SELECT is((SELECT count(*) FROM social.visible_stream_subjects WHERE stream_id = :match), 2::bigint, 'what is not said stays');
SELECT social.update_stream(:match, subject_ids => ARRAY[:league]), social.set_stream_subjects(:match, NULL) \g /dev/null
SELECT is_empty(format('SELECT FROM social.subject_streams(%s)', :team), 'what is no longer said is over');
SELECT social.set_stream_subjects(:match, ARRAY[:team]) \g /dev/null
SELECT throws_ok(format('SELECT social.set_stream_subjects(%s, ARRAY[1,2,3,4,5,6])', :match), 'SM400', 'a stream has too many subjects', 'five at most');
SELECT throws_ok(format('SELECT social.set_stream_subjects(%s, ARRAY[%s, NULL])', :match, :team), 'SM404', 'league, team or athlete not found', 'and such as there are');
SELECT throws_ok($$ SELECT social.create_stream('Sp other', subject_ids => ARRAY[-1]) $$, 'SM404', NULL, 'from the beginning');
SELECT throws_ok('SELECT * FROM social.subject_streams(-1)', 'SM404', NULL, 'what there is not has no page');
SELECT is((SELECT json_array_length(social.feed_live_json())), 0, 'what is announced is not live');
UPDATE social.streams SET status = 'live', started_at = now() WHERE id = :match;
SELECT is((SELECT social.feed_live_json() -> 0 ->> 'id'), :'match', 'one''s own is');
SELECT social.act_as('sp_bob') \g /dev/null
SELECT throws_ok(format('SELECT social.set_stream_subjects(%s, ARRAY[%s])', :match, :team), 'SM403', NULL, 'nobody else says what a stream is about');
SELECT is((SELECT array_agg(id) FROM social.followed_streams()), ARRAY[:match::bigint], 'it is among the streams of who follows the team');
SELECT is((SELECT social.feed_live_json() -> 0 ->> 'id'), :'match', 'issue 16: and at the head of their feed');
SELECT is((SELECT social.feed_live_json() -> 0 ->> 'stream_url'), NULL, 'without what is the host''s');
SELECT social.mute_user(:ann) \g /dev/null
SELECT is_empty('SELECT FROM social.followed_streams() UNION ALL SELECT FROM json_array_elements(social.feed_live_json())', 'unless its host is muted');
SELECT social.unmute_user(:ann), social.unfollow_subject(:team) \g /dev/null
SELECT is_empty('SELECT FROM social.followed_streams() UNION ALL SELECT FROM json_array_elements(social.feed_live_json())', 'or the team followed no longer');
SELECT social.follow_user(:ann) \g /dev/null
SELECT is((SELECT social.feed_live_json() -> 0 ->> 'id'), :'match', 'but the host');
SELECT social.unfollow_user(:ann), social.follow_subject(:team) \g /dev/null
INSERT INTO social.streams (host_id, title, status, is_private) SELECT :ann, 'Sp closed', 'live', n > 12 FROM generate_series(1, 24) n;
INSERT INTO social.stream_subjects (stream_id, subject_id) SELECT s.id, :team FROM social.streams s WHERE s.title = 'Sp closed';
SELECT results_eq('SELECT (d ->> ''id'')::bigint FROM json_array_elements(social.feed_live_json()) d', $$ SELECT id FROM social.streams WHERE title = 'Sp closed' AND NOT is_private ORDER BY id DESC LIMIT 10 $$, 'the ten newest that one may see');
SELECT is((SELECT count(*) FROM social.followed_streams()), 13::bigint, 'the list has all');
DELETE FROM social.streams WHERE title LIKE 'Sp %';
SELECT social.act_as(NULL::bigint) \g /dev/null
SELECT throws_ok('SELECT social.feed_live_json()', 'SM401', NULL, 'nobody has no feed');
SELECT social.act_as(:staff) \g /dev/null

-- ---- the end ---------------------------------------------------------------------------------------

SELECT social.delete_league(:league) \g /dev/null
SELECT is((SELECT league_id FROM social.visible_teams WHERE id = :team), NULL, 'a league that goes leaves its teams');
SELECT social.delete_team(:team) \g /dev/null
SELECT is_empty(format('SELECT FROM social.sport_follows WHERE subject_id IN (%s, %s)', :league, :team), 'nobody follows what is gone');
SELECT is((SELECT team_id FROM social.visible_athletes WHERE id = :athlete), NULL, 'and a team its athletes');
SELECT is((SELECT count(*) FROM social.post_subjects WHERE subject_id = :team), 0::bigint, 'its posts are about it no more');
SELECT is_empty(format('SELECT FROM social.sport_external_ids WHERE subject_id IN (%s, %s)', :league, :team), 'what providers called it goes along');
SELECT throws_ok(format('SELECT social.delete_team(%s)', :team), 'SM404', 'team not found', 'once');

SELECT * FROM finish();
ROLLBACK;
