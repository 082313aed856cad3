-- document.sql owns the GraphQL documents that are known by a name.

CREATE TABLE social.graphql_documents (
	id text COLLATE "C" PRIMARY KEY CHECK (id <> '' AND length(id) <= 128),
	body text NOT NULL CHECK (body <> ''),
	created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE social.graphql_documents IS 'GraphQL documents that clients may name instead of sending them (add_graphql_document). What stands under an id never changes; each is kept until it is removed.';
