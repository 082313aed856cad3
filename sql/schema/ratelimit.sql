-- ratelimit.sql owns what the operator changed about rate limits, and the limiter's state where
-- shared memory is not to be had.

CREATE TABLE social.rate_limit_overrides (
	surface text COLLATE "C" NOT NULL CHECK (surface <> '' AND length(surface) < 16),
	action text COLLATE "C" NOT NULL CHECK (action <> '' AND length(action) < 48),
	subject text COLLATE "C" NOT NULL CHECK (subject IN ('user', 'anonymous', 'client', 'address', 'session', 'account', 'key')),
	rates text NOT NULL CHECK (rates <> ''),
	changed_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (surface, action, subject)
);
COMMENT ON TABLE social.rate_limit_overrides IS 'Rates that the operator put in the place of a policy''s own, or policies that he added; social.set_rate_limit() writes them, social.rate_limit_policy shows what holds.';

-- Not logged and not dumped: after a crash everybody begins with whole windows. Half of each page is
-- left free, so that a row finds room for its next version beside it.
CREATE UNLOGGED TABLE social.rate_limit_state (
	key text COLLATE "C" PRIMARY KEY,
	full_at timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE social.rate_limit_state IS 'Where shared memory is not to be had: one row for each window in use. Rows whose time is over mean nothing, and retention removes them.';
