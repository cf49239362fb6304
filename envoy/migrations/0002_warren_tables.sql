-- A coordinator's address under its slug. Rows stay when the cluster is deleted or its address edited (retired_at), so that
-- running queries find their way back.
CREATE TABLE warren_endpoint (
    slug           VARCHAR(63) PRIMARY KEY CHECK (slug ~ '^[a-z0-9-]+$'),
    cluster_name   VARCHAR(256) NOT NULL,
    backend_url    VARCHAR(256) NOT NULL,
    coordinator_id VARCHAR(16),
    created_at     TIMESTAMPTZ NOT NULL DEFAULT now(),
    retired_at     TIMESTAMPTZ,
    UNIQUE (cluster_name, backend_url)
);

-- A group's own settings; a group without a row has the defaults.
CREATE TABLE warren_group (
    name      VARCHAR(256) PRIMARY KEY,
    fall_back TEXT[] NOT NULL DEFAULT '{}',
    strict    BOOLEAN NOT NULL DEFAULT FALSE
);

-- Published rule sets; the newest one is in force. Rolling back publishes an older one again.
CREATE TABLE warren_rule_set (
    version    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    author     TEXT NOT NULL,
    message    TEXT NOT NULL,
    files      JSONB NOT NULL
);
