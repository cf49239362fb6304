-- Whoever changes a row (Warren, Trino Gateway, psql), every Warren hears of it.
CREATE FUNCTION warren_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('warren', TG_TABLE_NAME);
    RETURN NULL;
END $$;

CREATE TRIGGER warren_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gateway_backend FOR EACH STATEMENT EXECUTE FUNCTION warren_notify();
CREATE TRIGGER warren_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON warren_endpoint FOR EACH STATEMENT EXECUTE FUNCTION warren_notify();
CREATE TRIGGER warren_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON warren_group FOR EACH STATEMENT EXECUTE FUNCTION warren_notify();
CREATE TRIGGER warren_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON warren_rule_set FOR EACH STATEMENT EXECUTE FUNCTION warren_notify();
