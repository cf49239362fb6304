-- Trino Gateway's two tables, as its own migrations leave them. On a database that Trino Gateway made they are there already.
CREATE TABLE IF NOT EXISTS gateway_backend (
    name          VARCHAR(256) PRIMARY KEY,
    routing_group VARCHAR(256),
    backend_url   VARCHAR(256),
    external_url  VARCHAR(256),
    active        BOOLEAN
);

CREATE TABLE IF NOT EXISTS query_history (
    query_id      VARCHAR(256) PRIMARY KEY,
    query_text    TEXT,
    created       BIGINT,
    backend_url   VARCHAR(256),
    user_name     VARCHAR(256),
    source        VARCHAR(256),
    routing_group VARCHAR(255),
    external_url  VARCHAR(255)
);
CREATE INDEX IF NOT EXISTS query_history_created_idx ON query_history (created);
