//! Reading all that snapshots are built from, and the upkeep of slugs.

use super::column::{decode, decode_or_usual, encode, word};
use super::{Store, StoreError};
use crate::slug::Upkeep;
use crate::state::{Cluster, ClusterSettings, Endpoint, Group, RuleSetVersion, Stage, State};
use sqlx::postgres::PgRow;
use sqlx::{Acquire, PgConnection, Row};

/// Clusters with their settings; `$1` is the default group.
pub(super) const CLUSTER: &str = "SELECT b.name, coalesce(nullif(routing_group, ''), $1) AS routing_group,
    rtrim(coalesce(backend_url, ''), '/') AS backend_url, coalesce(nullif(external_url, ''), backend_url, '') AS external_url,
    coalesce(active, false) AS active, weight, max_running, health::text AS health, stage, w.tls::text AS tls
    FROM gateway_backend b LEFT JOIN warren_cluster w USING (name)";

impl Store {
    /// Everything, as of one moment. Writes only when an address has no slug yet or is gone.
    pub(crate) async fn load(&self) -> Result<State, StoreError> {
        let mut connection = self.pool().await?.acquire().await?;
        let (mut state, mut expired) = self.read(&mut connection).await?;
        let upkeep = Upkeep::plan(&state.clusters, &state.endpoints);
        if !upkeep.is_empty() {
            write_upkeep(&mut connection, &upkeep).await?;
            (state, expired) = self.read(&mut connection).await?;
        }
        state.endpoints.retain(|e| !expired.contains(&e.slug));
        Ok(state)
    }

    async fn read(&self, connection: &mut PgConnection) -> Result<(State, Vec<String>), StoreError> {
        let mut tx = connection.begin().await?;
        sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(&mut *tx).await?;
        let clusters = sqlx::query(sqlx::AssertSqlSafe(format!("{CLUSTER} ORDER BY b.name")))
            .bind(&self.default_group)
            .fetch_all(&mut *tx)
            .await?
            .iter()
            .map(read_cluster)
            .collect::<Result<_, sqlx::Error>>()?;

        let rows = sqlx::query(
            "SELECT slug, cluster_name, backend_url, coordinator_id, tls::text AS tls, retired_at IS NOT NULL AS retired,
                    coalesce(retired_at < now() - make_interval(secs => $1), false) AS expired
             FROM warren_endpoint ORDER BY slug",
        )
        .bind(self.retired_for.as_secs_f64())
        .fetch_all(&mut *tx)
        .await?;
        let mut endpoints = Vec::new();
        let mut expired = Vec::new();
        for row in &rows {
            let slug: String = row.try_get("slug")?;
            if row.try_get("expired")? {
                expired.push(slug.clone());
            }
            endpoints.push(Endpoint {
                slug,
                cluster: row.try_get("cluster_name")?,
                url: row.try_get("backend_url")?,
                coordinator_id: row.try_get("coordinator_id")?,
                retired: row.try_get("retired")?,
                tls: decode_or_usual(row.try_get("tls")?)?,
            });
        }

        let groups = sqlx::query("SELECT name, fall_back, strict, policy, hash_on FROM warren_group ORDER BY name")
            .fetch_all(&mut *tx)
            .await?
            .iter()
            .map(read_group)
            .collect::<Result<_, sqlx::Error>>()?;

        let rule_set =
            sqlx::query("SELECT version, files::text AS files FROM warren_rule_set ORDER BY version DESC LIMIT 1")
                .fetch_optional(&mut *tx)
                .await?
                .map(|row| {
                    Ok::<_, sqlx::Error>(RuleSetVersion {
                        version: row.try_get("version")?,
                        files: decode(row.try_get("files")?)?,
                    })
                })
                .transpose()?;
        let candidate = sqlx::query(
            "SELECT candidate, files::text AS files FROM warren_candidate WHERE ended_at IS NULL ORDER BY candidate DESC LIMIT 1",
        )
        .fetch_optional(&mut *tx)
        .await?
        .map(|row| {
            Ok::<_, sqlx::Error>(RuleSetVersion {
                version: row.try_get("candidate")?,
                files: decode(row.try_get("files")?)?,
            })
        })
        .transpose()?;
        tx.commit().await?;
        Ok((State { clusters, endpoints, groups, rule_set, candidate }, expired))
    }

    /// Writes the last part of a coordinator's query ids.
    pub(crate) async fn learned(&self, slug: &str, coordinator_id: &str) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE warren_endpoint SET coordinator_id = $2 WHERE slug = $1 AND coordinator_id IS DISTINCT FROM $2",
        )
        .bind(slug)
        .bind(coordinator_id)
        .execute(self.pool().await?)
        .await?;
        Ok(())
    }
}

pub(super) fn read_cluster(row: &PgRow) -> Result<Cluster, sqlx::Error> {
    let name: String = row.try_get("name")?;
    let in_row = |error: sqlx::Error| sqlx::Error::Decode(format!("settings of cluster `{name}`: {error}").into());
    let defaults = ClusterSettings::default();
    let weight: Option<i32> = row.try_get("weight")?;
    let max_running: Option<i32> = row.try_get("max_running")?;
    let health: Option<String> = row.try_get("health")?;
    let stage: Option<String> = row.try_get("stage")?;
    let tls: Option<String> = row.try_get("tls")?;
    Ok(Cluster {
        group: row.try_get("routing_group")?,
        active: row.try_get("active")?,
        url: row.try_get("backend_url")?,
        external_url: row.try_get("external_url")?,
        settings: ClusterSettings {
            weight: weight.and_then(|w| w.try_into().ok()).unwrap_or(defaults.weight),
            max_running: max_running.and_then(|m| m.try_into().ok()),
            health: decode_or_usual(health).map_err(in_row)?,
            tls: decode_or_usual(tls).map_err(in_row)?,
        },
        stage: stage.map_or(Ok(Stage::default()), |stage| word(&stage))?,
        name,
    })
}

fn read_group(row: &PgRow) -> Result<Group, sqlx::Error> {
    let policy: String = row.try_get("policy")?;
    Ok(Group {
        name: row.try_get("name")?,
        fall_back: row.try_get("fall_back")?,
        strict: row.try_get("strict")?,
        policy: word(&policy)?,
        hash_on: row.try_get("hash_on")?,
    })
}

async fn write_upkeep(connection: &mut PgConnection, upkeep: &Upkeep) -> Result<(), StoreError> {
    let mut tx = connection.begin().await?;
    sqlx::query("SELECT set_config('warren.actor', 'warren', true)").execute(&mut *tx).await?;
    for endpoint in &upkeep.add {
        // Another Warren may have been faster; then its slug holds.
        sqlx::query(
            "INSERT INTO warren_endpoint (slug, cluster_name, backend_url, tls) VALUES ($1, $2, $3, $4::jsonb) ON CONFLICT DO NOTHING",
        )
        .bind(&endpoint.slug)
        .bind(&endpoint.cluster)
        .bind(&endpoint.url)
        .bind(encode(&endpoint.tls)?)
        .execute(&mut *tx)
        .await?;
    }
    for (slug, tls) in &upkeep.tls {
        sqlx::query("UPDATE warren_endpoint SET tls = $2::jsonb WHERE slug = $1")
            .bind(slug)
            .bind(encode(tls)?)
            .execute(&mut *tx)
            .await?;
    }
    for (names, sql) in [
        (&upkeep.revive, "UPDATE warren_endpoint SET retired_at = NULL WHERE slug = ANY($1)"),
        (
            &upkeep.live,
            "INSERT INTO warren_cluster (name, stage) SELECT unnest($1::text[]), 'live' ON CONFLICT (name) DO UPDATE SET stage = 'live'",
        ),
        (&upkeep.retire, "UPDATE warren_endpoint SET retired_at = now() WHERE slug = ANY($1) AND retired_at IS NULL"),
    ] {
        if !names.is_empty() {
            sqlx::query(sql).bind(names).execute(&mut *tx).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}
