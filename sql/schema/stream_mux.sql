-- stream_mux.sql owns streams that Mux takes in and sends out: with whose keys, what it calls them, and what
-- is still to be said to it.

CREATE TABLE social.mux_account (
	is_only boolean PRIMARY KEY DEFAULT true CONSTRAINT mux_account_only_check CHECK (is_only),
	is_default boolean NOT NULL DEFAULT false,
	signing_key_id text COLLATE "C" NOT NULL DEFAULT '',
	private_key bytea NOT NULL DEFAULT '',
	changed_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT mux_account_key_check CHECK ((signing_key_id = '') = (private_key = ''))
);
COMMENT ON TABLE social.mux_account IS 'Whether new streams are Mux''s, and the key that signs who may watch one: the one row is written by social.set_mux(), and by bridges from their settings. Nobody but the owner may read this table.';

CREATE TABLE social.mux_streams (
	stream_id bigint PRIMARY KEY REFERENCES social.streams ON DELETE CASCADE,
	stream_key text COLLATE "C",
	key_is_due boolean NOT NULL DEFAULT false,
	live_playback_id text COLLATE "C",
	live_policy text COLLATE "C" CONSTRAINT mux_streams_live_check CHECK (live_policy IN ('public', 'signed')),
	live_stale_id text COLLATE "C",
	asset_id text COLLATE "C",
	asset_playback_id text COLLATE "C",
	asset_policy text COLLATE "C" CONSTRAINT mux_streams_asset_check CHECK (asset_policy IN ('public', 'signed')),
	asset_stale_id text COLLATE "C",
	asset_ready_at timestamptz,
	completed_at timestamptz,
	disabled_at timestamptz
);
COMMENT ON TABLE social.mux_streams IS 'What is known at Mux of each of its streams: ids to play it by, of the broadcast and of the recording (asset), with their policies; ids that are to go (stale); whether the end was said (completed, disabled). stream_key waits here until its host has taken it, and no longer than the stream; key_is_due: another one is to be made. Nobody but the owner may read this table.';
CREATE UNIQUE INDEX mux_streams_asset_key ON social.mux_streams (asset_id) WHERE asset_id IS NOT NULL;

REVOKE ALL ON social.mux_account, social.mux_streams FROM PUBLIC;
