-- An older Trino Gateway's takes 256 characters.
ALTER TABLE query_history ALTER COLUMN query_text TYPE TEXT;

-- What Warren knows of a query beyond Trino Gateway's columns. Rows that Trino Gateway wrote have none of it.
ALTER TABLE query_history
    ADD COLUMN warren_cluster            VARCHAR(256),
    ADD COLUMN warren_rule               TEXT,
    ADD COLUMN warren_rules              TEXT,
    ADD COLUMN warren_tags               JSONB,
    ADD COLUMN warren_text_cut           BOOLEAN,
    ADD COLUMN warren_user_query_hash    VARCHAR(32),
    ADD COLUMN warren_generic_query_hash VARCHAR(32),
    ADD COLUMN warren_outcome            VARCHAR(16),
    ADD COLUMN warren_status             INTEGER,
    ADD COLUMN warren_flags              VARCHAR(256),
    ADD COLUMN warren_latency_ms         BIGINT;
CREATE INDEX warren_history_user_idx ON query_history (user_name, created);
-- Warren deletes its own old rows, and finds them past any number of Trino Gateway's.
CREATE INDEX warren_history_created_idx ON query_history (created) WHERE warren_outcome IS NOT NULL;

-- Queries to which no cluster gave an id: denied, refused, failed. Trino Gateway has no such rows, and would show them as if
-- a cluster had run them. Their id is Warren's, and begins with `none_`.
CREATE TABLE warren_query_without_id (LIKE query_history INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES);

-- How queries ended, by Trino's own word (its query-completed events). Apart, since either may come first.
CREATE TABLE warren_query_end (
    query_id      VARCHAR(256) PRIMARY KEY,
    ended         BIGINT NOT NULL,
    state         VARCHAR(32) NOT NULL,
    error         TEXT,
    error_type    VARCHAR(32),
    error_message TEXT,
    output_rows   BIGINT,
    input_bytes   BIGINT,
    peak_memory   BIGINT,
    queued_ms     BIGINT,
    cpu_ms        BIGINT,
    wall_ms       BIGINT,
    tables        JSONB
);
CREATE INDEX warren_query_end_ended_idx ON warren_query_end (ended);
