-- 0.4--0.5.sql owns what tables need to get from 0.4 to 0.5. Nothing here rewrites a table, and
-- nothing counts on a function that 0.4 brought: older installations come through here too.

-- account: whose claim to an unproven address a login met; tries that were one too many.
ALTER TABLE social.login_attempts ADD COLUMN claimant_id bigint REFERENCES social.users ON DELETE CASCADE;
CREATE INDEX login_attempts_claimant_idx ON social.login_attempts (claimant_id) WHERE claimant_id IS NOT NULL;
COMMENT ON TABLE social.login_attempts IS 'Every attempt to log in, also those that failed. user_id is null when no account has the name; claimant_id is whose claim to an unproven address it met.';
ALTER TABLE social.login_attempts DROP CONSTRAINT login_attempts_outcome_check,
	ADD CONSTRAINT login_attempts_outcome_check CHECK (outcome IN ('success', 'wrong_password', 'paused', 'unknown_account', 'inactive',
		'suspended', 'refused', 'code_required', 'wrong_code', 'code_paused'));
UPDATE social.login_attempts a SET claimant_id = (
	SELECT u.id FROM social.users u WHERE lower(u.pending_email) = lower(a.username) AND u.pending_email <> '' ORDER BY u.id LIMIT 1)
WHERE a.user_id IS NULL AND position('@' IN a.username) > 0;
DROP FUNCTION IF EXISTS social.account_with_address(text);
