-- How a coordinator with an https address is known to be the right one; nothing: by the certificates that the system trusts.
-- Beside its address, too, since that outlives the cluster.
ALTER TABLE warren_cluster ADD COLUMN tls JSONB;
ALTER TABLE warren_endpoint ADD COLUMN tls JSONB;
