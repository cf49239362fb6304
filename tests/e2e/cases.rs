//! The cases, in the order in which they run. A name is a fact.

mod access;
mod attacks;
mod body;
mod candidate;
mod clusters;
mod control_tls;
mod credentials;
mod door;
mod external;
mod follow_ups;
mod history;
mod lifecycle;
mod limits;
mod load;
mod login;
mod outages;
mod restore;
mod rollout;
mod routing;
mod rule_tools;
mod rules;
mod secrets;
mod transactions;
mod trino_tls;
mod workers;

use std::time::Duration;

use anyhow::{Result, ensure};
use warren_tests::eventually::eventually;
use warren_tests::stack::Stack;

/// A case: it returns an error, or panics in an assertion, when the fact does not hold.
pub(crate) type Case = fn(&Stack) -> Result<()>;

/// How long a change may take to be in force.
const SOON: Duration = Duration::from_secs(20);

/// Waits until `count` says one more than before: the filter tells Envoy on its tick, ten times a second.
fn counts_one_more(what: &str, before: u64, mut count: impl FnMut() -> Result<u64>) -> Result<()> {
    eventually(Duration::from_secs(5), &format!("{what} to be counted"), || {
        let now = count()?;
        ensure!(now == before + 1, "{now} after {before}");
        Ok(())
    })
}

macro_rules! cases {
    ($($case:path),* $(,)?) => {
        &[$((stringify!($case), $case as Case)),*]
    };
}

pub(crate) const CASES: &[(&str, Case)] = cases![
    routing::each_query_goes_where_its_rule_says,
    routing::a_denied_query_gets_the_rules_message,
    routing::an_unknown_group_is_an_error_that_names_the_known_ones,
    routing::a_rule_that_fails_is_skipped_and_counted,
    routing::a_rule_sets_a_session_property_beside_the_clients_own,
    routing::a_dead_coordinator_costs_no_client_an_error,
    routing::a_group_falls_back_when_it_serves_nothing,
    limits::a_rule_says_how_often_queries_may_come,
    limits::nobody_takes_from_a_bucket_but_who_asks,
    transactions::a_transaction_stays_where_it_began,
    transactions::a_forged_transaction_is_refused,
    follow_ups::pages_come_through_any_envoy_from_the_same_coordinator,
    follow_ups::a_cancelled_query_is_cancelled,
    follow_ups::a_follow_up_without_prefix_is_found_by_its_query_id,
    follow_ups::nothing_but_follow_ups_is_served_under_a_prefix,
    door::each_path_goes_where_the_table_says,
    door::a_client_cannot_steer,
    door::a_trusted_load_balancer_is_believed_and_others_are_not,
    clusters::a_row_changed_with_sql_takes_effect_and_its_queries_finish,
    clusters::a_row_deleted_in_mid_query_lets_the_query_finish,
    clusters::a_rule_cannot_pin_a_query_to_a_deactivated_cluster,
    clusters::an_address_edited_in_mid_query_lets_the_query_finish,
    clusters::a_row_that_makes_no_sense_changes_nothing_and_is_named,
    clusters::a_database_made_by_trino_gateway_is_taken_as_it_is,
    lifecycle::a_drain_ends_when_the_last_query_does_and_loses_none,
    lifecycle::a_drain_is_given_up_at_its_deadline_and_undone_by_activating,
    lifecycle::another_warren_finishes_a_drain,
    lifecycle::a_cluster_that_may_run_queries_is_not_removed,
    lifecycle::every_change_is_recorded_with_who_made_it,
    lifecycle::a_renamed_cluster_keeps_its_queries,
    lifecycle::a_change_based_on_something_outdated_is_refused,
    load::the_busier_cluster_gets_fewer_queries,
    load::a_full_cluster_gets_no_more,
    load::a_group_that_hashes_sends_a_user_always_to_the_same_cluster,
    load::health_can_be_judged_by_metrics_and_by_sql,
    load::editing_a_cluster_does_not_take_it_out,
    load::a_trino_that_refuses_forwarded_headers_is_not_added,
    credentials::a_cluster_that_asks_for_a_password_is_checked_and_drained_with_one,
    trino_tls::a_trino_behind_tls_and_a_password_is_served_and_only_the_right_one,
    workers::a_worker_with_tasks_ends_and_its_query_finishes_and_then_the_whole_cluster_ends,
    rules::a_saved_rule_is_in_force_and_drains_nothing,
    rules::a_broken_rule_is_refused_with_its_line_and_the_old_ones_serve,
    rules::rules_are_published_listed_and_rolled_back,
    rules::what_only_envoy_refuses_is_shown_and_the_old_serves,
    rule_tools::rules_are_in_force_only_if_their_cases_pass,
    rule_tools::the_playground_is_served_and_nothing_beside_it,
    rule_tools::the_history_is_asked_again_with_other_rules,
    candidate::a_candidate_is_asked_about_every_query_and_routes_none,
    external::a_rule_sends_a_query_where_a_routing_service_says,
    external::a_routing_service_that_is_of_no_help_is_passed_over,
    external::what_a_routing_service_finds_wrong_is_told_if_that_is_asked_for,
    external::what_a_routing_service_said_is_remembered_if_that_is_asked_for,
    login::tokens::a_token_says_who_runs_the_query,
    login::doors::a_proxy_in_front_is_believed_and_nobody_else,
    login::passwords::a_password_says_who_runs_the_query,
    login::passwords::a_directory_knows_who_has_which_password,
    login::certificates::trinos_clients_log_in_with_tokens_certificates_and_passwords,
    access::roles::every_endpoint_lets_in_those_whose_role_it_needs,
    access::tokens::a_token_is_good_until_it_is_revoked_at_every_warren,
    access::tokens::a_token_is_not_believed_while_postgresql_is_away,
    access::people::a_person_logs_in_and_out_at_any_warren,
    access::people::a_page_of_others_changes_nothing_with_a_session,
    access::people::a_viewer_sees_their_own_queries_only,
    access::people::who_is_taken_out_of_the_file_is_out,
    access::people::who_guesses_has_to_wait,
    access::audit::what_was_refused_is_in_the_audit_and_the_audit_is_only_added_to,
    control_tls::envoys::an_envoy_without_a_certificate_of_the_ca_gets_nothing,
    control_tls::listener::a_certificate_is_renewed_while_queries_run_and_none_fails,
    control_tls::listener::plain_http_is_led_to_tls_and_does_nothing_else,
    control_tls::api::the_api_speaks_tls_and_takes_new_certificates,
    control_tls::database::only_the_right_postgresql_is_talked_to,
    attacks::user::rules_and_trino_see_the_same_user,
    attacks::user::what_names_no_user_is_refused,
    attacks::framing::malformed_requests_are_refused_at_the_door,
    attacks::framing::oddities_that_change_nothing_are_let_through,
    attacks::http2::nothing_steers_over_http2_either,
    attacks::http2::a_connection_holds_so_many_streams_and_bytes,
    attacks::http2::a_storm_of_resets_costs_its_own_connection_only,
    attacks::paths::no_path_leads_round_the_table,
    attacks::paths::no_prefix_leads_to_more_than_follow_ups,
    attacks::paths::a_forged_query_id_leads_nowhere,
    attacks::steering::steering_headers_in_disguise_are_not_obeyed,
    attacks::steering::a_follow_up_obeys_no_header,
    attacks::steering::a_forged_transaction_runs_nothing,
    attacks::names::a_name_is_never_run,
    attacks::names::no_redirect_leads_where_a_client_says,
    attacks::names::a_clusters_address_leads_nowhere_else,
    attacks::names::nothing_of_the_api_is_run_or_framed,
    attacks::sizes::headers_are_taken_up_to_two_megabytes,
    attacks::sizes::a_long_text_that_no_rule_reads_is_trinos_to_refuse,
    attacks::rules::a_rule_that_explodes_costs_its_query_no_error,
    attacks::rules::what_a_client_writes_is_never_run,
    attacks::stall::a_stalled_request_is_ended_and_a_slow_one_is_not,
    attacks::panic::a_panic_costs_its_query_and_those_in_the_filter_and_no_more,
    body::rules_that_read_the_text_route_any_size_up_to_the_limit,
    history::a_query_is_in_the_history_with_all_that_is_known,
    history::a_text_is_whole_or_the_history_says_that_it_was_cut,
    history::what_is_secret_is_not_in_the_history,
    history::a_query_that_no_cluster_took_is_found_by_its_user,
    history::no_bytes_of_a_client_spoil_the_history_of_others,
    history::the_history_is_read_page_by_page,
    history::keeping::postgresql_away_costs_the_history_no_query,
    history::keeping::what_waits_is_written_when_warren_stops,
    history::keeping::what_is_old_is_forgotten,
    history::keeping::trinos_events_say_how_a_query_ended,
    lifecycle::a_cluster_that_went_and_came_back_is_known_to_the_warren_that_follows,
    rollout::a_new_module_is_rolled_out_envoy_by_envoy_and_no_query_is_lost,
    restore::a_database_restored_from_a_backup_is_served_as_it_is_and_running_queries_finish,
    outages::queries_go_on_whatever_is_down,
    secrets::no_log_holds_a_secret,
];
