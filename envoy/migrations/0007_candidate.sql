-- Rule sets that are asked beside the one in force, and not obeyed: the newest, until it is ended.
CREATE TABLE warren_candidate (
    candidate  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    ended_at   TIMESTAMPTZ,
    author     TEXT NOT NULL DEFAULT '',
    message    TEXT NOT NULL DEFAULT '',
    files      JSONB NOT NULL
);
CREATE TRIGGER warren_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON warren_candidate FOR EACH STATEMENT EXECUTE FUNCTION warren_notify();

-- How often a candidate would have done what, as Envoys told with the history: as at-most-once as that.
CREATE TABLE warren_candidate_count (
    candidate      BIGINT NOT NULL REFERENCES warren_candidate ON DELETE CASCADE,
    -- Version of the rules in force, and the rule of theirs that decided.
    rules          TEXT NOT NULL,
    rule           TEXT NOT NULL,
    origin         TEXT NOT NULL,
    candidate_rule TEXT NOT NULL,
    destination    TEXT NOT NULL,
    comparison     TEXT NOT NULL,
    queries        BIGINT NOT NULL,
    last_query     TEXT NOT NULL,
    last_at        BIGINT NOT NULL,
    PRIMARY KEY (candidate, rules, rule, origin, candidate_rule, destination, comparison)
);
