-- What a cluster has beyond Trino Gateway's columns; a cluster without a row has the defaults. No foreign key: Trino Gateway
-- deletes and adds rows as it likes, and a cluster that comes back finds its settings again.
CREATE TABLE warren_cluster (
    name        VARCHAR(256) PRIMARY KEY,
    -- Share of new queries beside the others of its group, before load is looked at.
    weight      INTEGER NOT NULL DEFAULT 100 CHECK (weight BETWEEN 1 AND 1000),
    -- With as many queries running it gets no new ones.
    max_running INTEGER CHECK (max_running > 0),
    -- How its health and load are found out; what is not named has its default.
    health      JSONB NOT NULL DEFAULT '{}',
    -- How far an inactive cluster is on its way out: `live` (it was active), `drained`, `stopping`, `stopped`.
    stage       TEXT NOT NULL DEFAULT 'added' CHECK (stage IN ('added', 'live', 'drained', 'stopping', 'stopped'))
);

ALTER TABLE warren_group
    ADD COLUMN policy TEXT NOT NULL DEFAULT 'load' CHECK (policy IN ('load', 'round_robin', 'random', 'hash')),
    -- Request header whose value picks the cluster, with policy `hash`.
    ADD COLUMN hash_on TEXT,
    ADD CHECK ((policy = 'hash') = (hash_on IS NOT NULL));

-- What the Warren that judges found out, for the others.
CREATE TABLE warren_health (
    slug      VARCHAR(63) PRIMARY KEY,
    judgement JSONB NOT NULL
) WITH (fillfactor = 50);

-- A drain or a shutdown: one of a cluster at a time.
CREATE TABLE warren_operation (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cluster_name VARCHAR(256) NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('drain', 'shutdown')),
    step         TEXT NOT NULL,
    actor        TEXT NOT NULL,
    started_at   TIMESTAMPTZ NOT NULL DEFAULT now(),
    deadline     TIMESTAMPTZ NOT NULL,
    ended_at     TIMESTAMPTZ,
    -- What is left to do, for whoever watches.
    progress     JSONB NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX warren_operation_under_way ON warren_operation (cluster_name) WHERE ended_at IS NULL;

-- Who changed what, by whatever way: the API, Trino Gateway, psql.
CREATE TABLE warren_audit (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      TIMESTAMPTZ NOT NULL DEFAULT now(),
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,
    before  JSONB,
    after   JSONB
);
CREATE INDEX warren_audit_subject ON warren_audit (kind, subject, id);

-- Runs with the rights of whoever made it, so that a role that may write Trino Gateway's table only can go on writing it.
CREATE FUNCTION warren_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    old_row JSONB := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - 'progress' END;
    new_row JSONB := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - 'progress' END;
    said    TEXT := nullif(current_setting('warren.actor', true), '');
BEGIN
    IF old_row IS DISTINCT FROM new_row THEN
        INSERT INTO warren_audit (actor, action, kind, subject, before, after) VALUES (
            coalesce(said, session_user || coalesce(' (' || nullif(current_setting('application_name'), '') || ')', '')),
            coalesce(nullif(current_setting('warren.action', true), ''), lower(TG_OP)),
            TG_ARGV[0], coalesce(new_row, old_row) ->> TG_ARGV[1], old_row, new_row);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER warren_audit AFTER INSERT OR UPDATE OR DELETE ON gateway_backend FOR EACH ROW EXECUTE FUNCTION warren_audit('cluster', 'name');
CREATE TRIGGER warren_audit AFTER INSERT OR UPDATE OR DELETE ON warren_cluster FOR EACH ROW EXECUTE FUNCTION warren_audit('cluster settings', 'name');
CREATE TRIGGER warren_audit AFTER INSERT OR UPDATE OR DELETE ON warren_group FOR EACH ROW EXECUTE FUNCTION warren_audit('group', 'name');
CREATE TRIGGER warren_audit AFTER INSERT OR UPDATE OF step, ended_at ON warren_operation FOR EACH ROW EXECUTE FUNCTION warren_audit('operation', 'cluster_name');

CREATE TRIGGER warren_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON warren_cluster FOR EACH STATEMENT EXECUTE FUNCTION warren_notify();

-- Health changes often and concerns those only that do not judge; operations concern the one only that judges.
CREATE FUNCTION warren_notify_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_TABLE_NAME, '');
    RETURN NULL;
END $$;
CREATE TRIGGER warren_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON warren_health FOR EACH STATEMENT EXECUTE FUNCTION warren_notify_apart();
CREATE TRIGGER warren_notify AFTER INSERT ON warren_operation FOR EACH STATEMENT EXECUTE FUNCTION warren_notify_apart();

-- Which Warren judges health and carries out operations: the one that holds the advisory lock. It says every few seconds that it
-- lives, since a process that hangs keeps its lock.
CREATE TABLE warren_judge (
    seat BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (seat),
    name TEXT NOT NULL,
    at   TIMESTAMPTZ NOT NULL DEFAULT now()
);
