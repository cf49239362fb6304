-- Tokens of programs. Of a token only its SHA-256 is kept: it has 256 random bits, so that nobody finds it by trying.
CREATE TABLE warren_token (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         VARCHAR(256) NOT NULL,
    role         TEXT NOT NULL CHECK (role IN ('events', 'viewer', 'author', 'operator', 'admin')),
    hash         BYTEA NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_at   TIMESTAMPTZ NOT NULL DEFAULT now(),
    created_by   TEXT NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL,
    revoked_at   TIMESTAMPTZ,
    -- To the minute.
    last_used_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX warren_token_name ON warren_token (name) WHERE revoked_at IS NULL;

-- Who is logged in, by the SHA-256 of what the cookie holds. Roles are those of the file of people, at each request.
CREATE TABLE warren_session (
    hash       BYTEA PRIMARY KEY CHECK (length(hash) = 32),
    user_name  VARCHAR(256) NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    -- To the minute.
    seen_at    TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX warren_session_user ON warren_session (user_name, created_at);

-- As before, less what is long (`files`), secret (`hash`) or changes with each use.
CREATE OR REPLACE FUNCTION warren_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    hidden  TEXT[] := '{progress,files,hash,last_used_at}';
    old_row JSONB := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - hidden END;
    new_row JSONB := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - hidden END;
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

CREATE TRIGGER warren_audit AFTER INSERT OR UPDATE OR DELETE ON warren_rule_set FOR EACH ROW EXECUTE FUNCTION warren_audit('rules', 'version');
CREATE TRIGGER warren_audit AFTER INSERT OR UPDATE OR DELETE ON warren_candidate FOR EACH ROW EXECUTE FUNCTION warren_audit('candidate', 'candidate');
CREATE TRIGGER warren_audit AFTER INSERT OR UPDATE OR DELETE ON warren_token FOR EACH ROW EXECUTE FUNCTION warren_audit('token', 'name');

-- What is in the audit stays as it is, whoever asks; its owner can take this trigger away, and nobody by mistake.
CREATE FUNCTION warren_audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is only ever added to' USING HINT = 'docs/access.md says how old entries are moved elsewhere';
END $$;
CREATE TRIGGER warren_audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON warren_audit FOR EACH STATEMENT EXECUTE FUNCTION warren_audit_is_kept();
