-- deletion.sql owns the ledger of accounts that are about to be deleted, or were.

CREATE TABLE social.account_deletions (
	user_id bigint NOT NULL,
	account_created_at timestamptz NOT NULL,
	keeps_content boolean NOT NULL DEFAULT false,
	is_own boolean NOT NULL DEFAULT true,
	was_active boolean NOT NULL DEFAULT true,
	requested_at timestamptz NOT NULL DEFAULT now(),
	due_at timestamptz NOT NULL,
	closed_at timestamptz,
	erased_at timestamptz,
	PRIMARY KEY (user_id, account_created_at)
);
COMMENT ON TABLE social.account_deletions IS 'Deletions of accounts: asked for (closed_at is null: until due_at it can be cancelled, which takes the row away), closed (for good; the worker erases, and goes on at due_at), and erased. A row that stays tells no more of the person than a number and times; after a restore from a backup, social.replay_deletions() deletes by it again. No foreign keys: the ledger outlives what it speaks of.';
CREATE INDEX account_deletions_due_idx ON social.account_deletions (due_at) WHERE erased_at IS NULL;
REVOKE ALL ON social.account_deletions FROM PUBLIC;

CREATE TABLE social.tombstones (
	is_only boolean PRIMARY KEY DEFAULT true CONSTRAINT tombstones_only_check CHECK (is_only),
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE
);
COMMENT ON TABLE social.tombstones IS 'The one row says which account stands for all whose account is gone and whose words stay; none before it is first needed.';
CREATE INDEX tombstones_user_idx ON social.tombstones (user_id);
REVOKE ALL ON social.tombstones FROM PUBLIC;
