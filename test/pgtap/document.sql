-- document.sql: GraphQL documents that clients may name (issue 12, line 5).
BEGIN;
SELECT no_plan();

SELECT is(social.add_graphql_document('{ tapDocument }'), 'sha256:' || encode(sha256('{ tapDocument }'), 'hex'), 'the id is the hash');
SELECT is(social.add_graphql_document('{ tapDocument }'), 'sha256:' || encode(sha256('{ tapDocument }'), 'hex'), 'likewise when it is there already');
SELECT is(social.add_graphql_document('{ tapDocument }', 'tap-document.1'), 'tap-document.1', 'or a word');
SELECT is(social.add_graphql_document('{ tapDocument }', 'tap-document.1'), 'tap-document.1', 'twice');
SELECT is((SELECT count(*) FROM social.admin_audit_log WHERE action = 'add_graphql_document' AND detail ->> 'id' = 'tap-document.1'), 1::bigint, 'the audit log tells of it once');
SELECT throws_ok('SELECT social.add_graphql_document(''{ other }'', ''tap-document.1'')', 'SM409', 'another document has this id', 'what stands under an id never changes');
SELECT throws_ok(format('SELECT social.add_graphql_document(%L, %L)', body, id), 'SM400', NULL, 'not added: ' || why) FROM (VALUES
	(NULL, NULL, 'null'), ('', NULL, 'nothing'), (repeat('x', 65537), NULL, 'too long'),
	('{ x }', '', 'no id'), ('{ x }', 'a b', 'a blank'), ('{ x }', 'md5:1', 'another sort of hash'), ('{ x }', repeat('x', 129), 'too long an id'),
	('{ x }', 'sha256:' || encode(sha256('{ y }'), 'hex'), 'the hash of another document')) v (body, id, why);
SELECT lives_ok(format('SELECT social.add_graphql_document(%L, %L)', repeat('x', 65536), repeat('x', 128)), 'the longest');
SELECT is(social.graphql_document('tap-document.1'), '{ tapDocument }', 'bridges look it up');
SELECT is(social.graphql_document(id), NULL, 'nothing else: ' || coalesce(id, 'null')) FROM (VALUES ('tap-document'), (''), (NULL), ('TAP-DOCUMENT.1')) v (id);
SELECT is((SELECT body FROM social.admin_graphql_documents WHERE id = 'tap-document.1'), '{ tapDocument }', 'administrators see it');
SELECT social.remove_graphql_document('tap-document.1') \g /dev/null
SELECT is(social.graphql_document('tap-document.1'), NULL, 'removed is removed');
SELECT throws_ok('SELECT social.remove_graphql_document(''tap-document.1'')', 'SM404', 'document not found', 'and not there a second time');

-- who may
CREATE ROLE tap_bridge;
SELECT social.grant_bridge('tap_bridge') \g /dev/null
SET LOCAL ROLE tap_bridge;
SELECT is(social.graphql_document('tap-nothing'), NULL, 'a bridge may look one up');
SELECT throws_ok('SELECT social.add_graphql_document(''{ x }'')', '42501', NULL, 'but adds none');
SELECT throws_ok('SELECT FROM social.graphql_documents', '42501', NULL, 'and reads no table');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
