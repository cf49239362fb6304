//! What a client does, and what must come of it. A scenario fails when that is not so; what it returns is the cell's text.

mod errors;
mod rows;
mod session;
mod spooling;
mod wire;

use anyhow::Result;
use warren_tests::clients::Client;

use crate::kind::Kind;
use crate::world::World;

/// A row of the matrix.
pub(crate) struct Scenario {
    /// A fact, as the case's name.
    pub(crate) name: &'static str,
    /// The row's heading on the page.
    pub(crate) row: &'static str,
    /// The stacks it is seen on.
    pub(crate) kinds: &'static [Kind],
    /// Takes so long with this client that not every build runs it.
    pub(crate) is_slow: fn(Client) -> bool,
    /// Runs it.
    pub(crate) run: fn(&World, Client) -> Result<String>,
}

const PLAIN: &[Kind] = &[Kind::Trino476, Kind::Trino483];
const SPOOLING: &[Kind] = &[Kind::Spooling, Kind::SpoolingByCoordinator];

const fn quick(name: &'static str, row: &'static str, run: fn(&World, Client) -> Result<String>) -> Scenario {
    Scenario { name, row, kinds: PLAIN, is_slow: |_| false, run }
}

const fn slow(name: &'static str, row: &'static str, run: fn(&World, Client) -> Result<String>) -> Scenario {
    Scenario { name, row, kinds: PLAIN, is_slow: |_| true, run }
}

/// All rows, as they stand on the page.
pub(crate) const SCENARIOS: &[Scenario] = &[
    quick("all_rows_come_over_plain_http", "100,000 rows over plain HTTP", wire::all_rows_come_over_plain_http),
    quick("all_rows_come_over_tls", "100,000 rows, TLS ended at Envoy", wire::all_rows_come_over_tls),
    quick(
        "all_rows_come_through_a_load_balancer",
        "100,000 rows, TLS ended at a load balancer",
        wire::all_rows_come_through_a_load_balancer,
    ),
    quick("a_cancelled_query_is_cancelled", "Cancelled after 1,000 rows", rows::a_cancelled_query_is_cancelled),
    quick(
        "a_long_prepared_statement_is_executed",
        "Prepared statement of 4,000 characters: how its text travels at EXECUTE",
        session::a_long_prepared_statement_is_executed,
    ),
    quick(
        "a_transaction_stays_on_one_cluster",
        "Three transactions of three statements",
        session::a_transaction_stays_on_one_cluster,
    ),
    quick("a_session_property_is_kept", "`SET SESSION`, then a query", session::a_session_property_is_kept),
    quick("a_schema_is_kept", "`USE`, then a query", session::a_schema_is_kept),
    quick("an_error_is_shown", "A mistake in the statement", errors::an_error_is_shown),
    quick("a_denial_is_shown", "A rule's `deny`", errors::a_denial_is_shown),
    Scenario {
        kinds: &[Kind::Trino476],
        is_slow: |client| !matches!(client, Client::Python | Client::Node),
        ..slow(
            "nothing_serving_is_waited_for",
            "No cluster serving, `no_cluster_status = 503`",
            errors::nothing_serving_is_waited_for,
        )
    },
    quick(
        "nothing_serving_is_shown",
        "No cluster serving, `no_cluster_status = 200`",
        errors::nothing_serving_is_shown,
    ),
    Scenario {
        kinds: &[Kind::Trino476],
        ..slow(
            "an_idle_result_can_be_read_on",
            "100,000 rows, 35 s idle after 1,000",
            wire::an_idle_result_can_be_read_on,
        )
    },
    Scenario {
        kinds: SPOOLING,
        ..slow("a_small_result_comes_inline", "25 rows: inline segments", spooling::a_small_result_comes_inline)
    },
    Scenario {
        kinds: SPOOLING,
        ..slow("a_large_result_comes_spooled", "100,000 rows: spooled segments", spooling::a_large_result_comes_spooled)
    },
    Scenario {
        kinds: SPOOLING,
        ..slow(
            "heartbeats_reach_the_coordinator",
            "Heartbeats while a segment is fetched",
            spooling::heartbeats_reach_the_coordinator,
        )
    },
];
