-- What a client said of its query beyond user and source, so that rules can be asked again about what was.
ALTER TABLE query_history ADD COLUMN warren_client JSONB;
ALTER TABLE warren_query_without_id ADD COLUMN warren_client JSONB;
