//! One query, from its headers to where it goes.

use crate::candidate::Waiting;
use crate::root::Active;
use crate::text::PassingText;
use crate::{host, metrics};
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use std::rc::Rc;
use std::time::Duration;
use warren_rules::login::{Admission, PRINCIPAL_HEADER, USER_HEADER, take_caller};
use warren_rules::reply::{ErrorKind, GENERIC_USER_ERROR, PERMISSION_DENIED, UNKNOWN_TRANSACTION};
use warren_rules::{
    Action as Decided, Decision, ExternalAnswer, HASH_HEADER, LIMIT_HEADER, LIMIT_WHOSE_HEADER, PREFIX_HEADER,
    QUERY_ID_WITHIN, Query, RuleSet, Target, Transaction, access_log_fields, find_query_id, is_list_header,
    merge_list_header, parse_transaction, prefix,
};

const TRANSACTION: &str = "x-trino-transaction-id";
/// Where the access log of the history finds the text.
const TEXT: &str = "warren.text";
/// More than any body is long.
const WHOLE_BODY: usize = usize::MAX >> 1;
/// As much of a routing service's answer as is read, in bytes.
const MOST_ANSWER: usize = 64 * 1024;

/// Where a query is in its life.
enum Phase {
    /// Its headers are here; a rule wants the body too.
    WaitsForBody(Vec<(String, String)>),
    /// A routing service was asked about it.
    WaitsForService(Asked),
    /// It was sent on; the answer's first bytes hold its id.
    WaitsForId,
    /// Nothing is left to do.
    Done,
}

/// A routing service, asked about a query.
struct Asked {
    query: Rc<Query>,
    service: String,
    key: [u8; 32],
}

/// One query.
pub(crate) struct Http {
    active: Rc<Active>,
    phase: Phase,
    /// The text, while the history wants more of it.
    text: Option<PassingText>,
    /// A candidate that waits for the text.
    waiting: Option<Waiting>,
}

/// What becomes of a query.
enum Verdict<'a> {
    /// To a group, or to one cluster, whose prefix nobody else can tell Trino then.
    Send {
        envoy_cluster: &'a str,
        group: &'a str,
        slug: Option<&'a str>,
        transaction: Option<String>,
        /// What picks the cluster of a group with consistent hashing.
        hash_on: Option<&'a str>,
    },
    Refuse {
        message: String,
        kind: ErrorKind,
    },
}

impl Http {
    pub(crate) fn new(active: Rc<Active>) -> Http {
        let text = PassingText::of(active.config.history_text_bytes);
        Http { active, phase: Phase::Done, text, waiting: None }
    }

    /// Lets a request in, if somebody has to log in; what is to become of it if that was all there is to do.
    fn let_in(&mut self, headers: &mut Vec<(String, String)>) -> Option<Action> {
        let active = self.active.clone();
        let login = active.login.as_ref()?;
        match login.admit(headers) {
            Admission::In { principal, names_no_user } => {
                host::set_request_header(PRINCIPAL_HEADER, &principal);
                if names_no_user {
                    host::set_request_header(USER_HEADER, &principal);
                }
                (!login.is_new_query(headers)).then_some(Action::Continue)
            }
            Admission::NotLoggedIn(why) => {
                metrics::not_logged_in();
                host::reply_unauthorized(login.challenges(), &why);
                Some(Action::Pause)
            }
            Admission::Denied(message) => {
                metrics::may_not_be();
                host::reply(&PERMISSION_DENIED.body(&message));
                Some(Action::Pause)
            }
        }
    }

    /// Decides and acts, once all is known that the rules ask for.
    fn settle(&mut self, headers: Vec<(String, String)>, body: Option<String>) -> Action {
        if body.is_none() && self.active.config.body && self.active.candidate_needs(RuleSet::reads_body) {
            self.waiting = Waiting::new(headers.clone());
        }
        let query = query(&self.active, headers, body).live(self.active.live.clone()).asks_services();
        self.decide(Rc::new(query))
    }

    fn decide(&mut self, query: Rc<Query>) -> Action {
        // Ends: each service that the rules name is asked once.
        loop {
            let decision = self.active.rules.decide(query.clone());
            let Some(service) = &decision.asks else { return self.act(&query, &decision) };
            match self.ask(&query, service) {
                Some(said) => query.tell(service.as_str(), said),
                None => return Action::Pause,
            }
        }
    }

    /// What a routing service says of a query, if that is known at once; else it is asked, and the query waits.
    fn ask(&mut self, query: &Rc<Query>, name: &str) -> Option<Result<ExternalAnswer, String>> {
        let Some(service) = self.active.config.external.get(name) else {
            let known = warren_rules::known(self.active.config.external.keys().map(String::as_str));
            return Some(Err(format!("it is not known; known: {known}")));
        };
        let request = service.request(query);
        if service.cache_seconds > 0
            && let Some(answer) = self.active.answers.borrow().get(&request.key, host::now())
        {
            metrics::answer_kept();
            return Some(Ok(answer));
        }
        let timeout = Duration::from_millis(service.timeout_ms);
        if let Err(why) = host::http_call(&service.envoy_cluster, &request.headers, &request.body, timeout) {
            return Some(Err(why));
        }
        metrics::service_asked();
        let asked = Asked { query: query.clone(), service: name.to_owned(), key: request.key };
        self.phase = Phase::WaitsForService(asked);
        None
    }

    /// The routing service answered, or did not.
    fn answered(&mut self, asked: Asked, size: usize) {
        let Asked { query, service: name, key } = asked;
        let active = self.active.clone();
        if let Some(service) = active.config.external.get(&name) {
            let said = match host::http_answer(size.min(MOST_ANSWER)) {
                Some((status, body)) => service.answer(&status, &body),
                None => Err("it did not answer".to_owned()),
            };
            if let Ok(answer) = &said {
                active.answers.borrow_mut().keep(key, answer, host::now(), service.cache_seconds);
            }
            query.tell(name, said);
        }
        if self.decide(query) == Action::Continue {
            // What came of the body meanwhile does not pass by again.
            self.take_text(WHOLE_BODY, true);
            self.take_for_candidate(WHOLE_BODY, true);
            host::resume();
        }
    }

    fn act(&mut self, query: &Rc<Query>, decision: &Rc<Decision>) -> Action {
        let action = self.carry_out(query, decision);
        match &mut self.waiting {
            Some(waiting) => waiting.decision = Some(decision.clone()),
            None => self.compare(decision, Some(query)),
        }
        // Once it is answered, no more of it comes.
        if action == Action::Pause && self.waiting.take().is_some() {
            self.compare(decision, None);
        }
        action
    }

    /// Asks the candidate, if there is one.
    fn compare(&self, decision: &Decision, query: Option<&Rc<Query>>) {
        if let Some(candidate) = &self.active.candidate {
            candidate.compare(&self.active.config, &*self.active.live, decision, query);
        }
    }

    /// Takes the text for the candidate; once that is over, asks it.
    fn take_for_candidate(&mut self, size: usize, end_of_stream: bool) {
        let Some(waiting) = &mut self.waiting else { return };
        waiting.take(size);
        if end_of_stream && let Some(waiting) = self.waiting.take() {
            self.compare_late(waiting);
        }
    }

    fn carry_out(&mut self, query: &Query, decision: &Decision) -> Action {
        let active = self.active.clone();
        for (rule, why) in decision.failed_rules() {
            metrics::failed(rule);
            log::warn!("rule `{rule}` failed and was skipped: {why}");
        }
        let rule = decision.rule.as_deref().unwrap_or("none");
        if active.config.show_rule {
            host::set_filter_state("warren.rule", rule.as_bytes());
        }
        let log = |group| {
            let fields = access_log_fields(query, &active.config.version, decision, group);
            host::set_filter_state("warren.query", fields.as_bytes());
        };
        match verdict(&active, query, decision) {
            Verdict::Refuse { message, kind } => {
                log(None);
                if kind == PERMISSION_DENIED {
                    metrics::denied(rule);
                } else {
                    metrics::refused();
                }
                host::reply(&kind.body(&message));
                self.phase = Phase::Done;
                Action::Pause
            }
            Verdict::Send { envoy_cluster, group, slug, transaction, hash_on } => {
                if let Some(id) = transaction {
                    host::set_request_header(TRANSACTION, &id);
                }
                set_headers(query, decision);
                if let Some(slug) = slug {
                    host::set_request_header(PREFIX_HEADER, &prefix(slug));
                }
                if let Some(limit) = &decision.limit {
                    host::set_request_header(LIMIT_HEADER, &limit.name());
                    host::set_request_header(LIMIT_WHOSE_HEADER, &limit.whose(query));
                }
                if let Some(name) = hash_on {
                    let value = if name == "user" { query.user() } else { query.header(name).unwrap_or_default() };
                    host::set_request_header(HASH_HEADER, value);
                }
                log(Some(group));
                host::set_request_header(&active.config.routing_header, envoy_cluster);
                host::clear_route_cache();
                metrics::routed(group, rule);
                self.phase = Phase::WaitsForId;
                Action::Continue
            }
        }
    }

    fn settle_with_body(&mut self, size: usize) -> Action {
        match std::mem::replace(&mut self.phase, Phase::Done) {
            Phase::WaitsForBody(headers) => {
                metrics::body_read();
                let body = host::request_body(size);
                if let Some(text) = self.text.take() {
                    host::set_filter_state(TEXT, body.get(..text.wants(body.len())).unwrap_or_default());
                }
                self.settle(headers, Some(host::text(body)))
            }
            other => {
                self.phase = other;
                Action::Continue
            }
        }
    }

    /// The text is over, or too long to be looked at.
    fn compare_late(&mut self, waiting: Waiting) {
        let Some(decision) = waiting.decision.clone() else { return };
        let query = waiting.whole().map(|(headers, text)| {
            Rc::new(query(&self.active, headers, Some(text)).live(self.active.live.clone()).asks_services())
        });
        self.compare(&decision, query.as_ref());
    }

    /// Takes the text for the history, which is told when there is enough of it, or no more.
    fn take_text(&mut self, size: usize, end_of_stream: bool) {
        let Some(text) = &mut self.text else { return };
        let wanted = text.wants(size);
        let enough = wanted > 0 && text.take(host::request_body(wanted));
        if enough || end_of_stream {
            host::set_filter_state(TEXT, text.bytes());
            self.text = None;
        }
    }
}

impl Context for Http {
    fn on_http_call_response(&mut self, _: u32, _: usize, body_size: usize, _: usize) {
        match std::mem::replace(&mut self.phase, Phase::Done) {
            Phase::WaitsForService(asked) => self.answered(asked, body_size),
            other => self.phase = other,
        }
    }
}

impl HttpContext for Http {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        let mut headers = host::request_headers();
        #[cfg(feature = "planted-panic")]
        #[expect(clippy::panic, reason = "what the feature is for")]
        if headers.iter().any(|(name, _)| name == "x-planted-panic") {
            panic!("a panic was planted here");
        }
        if let Some(outcome) = self.let_in(&mut headers) {
            return outcome;
        }
        if self.active.reads_body() && !end_of_stream {
            self.phase = Phase::WaitsForBody(headers);
            return Action::Pause;
        }
        self.settle(headers, end_of_stream.then(String::new))
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        match self.phase {
            Phase::WaitsForBody(_) if !end_of_stream => Action::Pause,
            Phase::WaitsForBody(_) => self.settle_with_body(size),
            Phase::WaitsForService(_) => Action::Pause,
            _ => {
                self.take_text(size, end_of_stream);
                self.take_for_candidate(size, end_of_stream);
                Action::Continue
            }
        }
    }

    /// With trailers the body's last chunk is not the end of the stream.
    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        match self.phase {
            Phase::WaitsForBody(_) => self.settle_with_body(WHOLE_BODY),
            Phase::WaitsForService(_) => Action::Pause,
            _ => {
                self.take_text(0, true);
                self.take_for_candidate(0, true);
                Action::Continue
            }
        }
    }

    fn on_http_response_body(&mut self, size: usize, _: bool) -> Action {
        if matches!(self.phase, Phase::WaitsForId) && size > 0 {
            self.phase = Phase::Done;
            if let Some(id) = find_query_id(&host::response_start(size.min(QUERY_ID_WITHIN))) {
                host::set_filter_state("warren.query_id", id.as_bytes());
            }
        }
        Action::Continue
    }
}

fn query(active: &Active, mut headers: Vec<(String, String)>, body: Option<String>) -> Query {
    let caller = active.login.is_some().then(|| take_caller(&mut headers, active.reads_claims()));
    let pseudo = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default();
    let (method, path, host_name) = (pseudo(":method"), pseudo(":path"), pseudo(":authority"));
    let mut query = Query::new(method, path, headers).host(host_name);
    if let Some((principal, claims)) = caller {
        query = query.principal(principal).claims(claims);
    }
    if let Some(body) = body {
        query = query.body(body);
    }
    if active.reads_address() {
        query = query.remote_address(host::remote_address());
    }
    if active.reads_time() {
        query = query.now(host::now());
    }
    query
}

/// A decision and a transaction make a verdict. A transaction lives on the cluster where it began: rules may deny its
/// queries, but not send them elsewhere.
fn verdict<'a>(active: &'a Active, query: &Query, decision: &Decision) -> Verdict<'a> {
    let config = &active.config;
    if let Decided::Deny { message } = &decision.action {
        return Verdict::Refuse { message: message.clone(), kind: PERMISSION_DENIED };
    }
    match parse_transaction(query.header(TRANSACTION)) {
        Transaction::None => {}
        Transaction::Invalid => {
            let message = "this transaction was not begun here; begin a new one with START TRANSACTION".to_owned();
            return Verdict::Refuse { message, kind: UNKNOWN_TRANSACTION };
        }
        Transaction::Pinned { id, slug } => {
            return match config.cluster_of_slug(slug) {
                Some((_, cluster)) => Verdict::Send {
                    envoy_cluster: &cluster.envoy_cluster,
                    group: &cluster.group,
                    slug: Some(&cluster.slug),
                    transaction: Some(id.to_owned()),
                    hash_on: None,
                },
                None => Verdict::Refuse {
                    message:
                        "the cluster on which this transaction began is gone; begin a new one with START TRANSACTION"
                            .to_owned(),
                    kind: UNKNOWN_TRANSACTION,
                },
            };
        }
    }
    match config.target(decision, &*active.live) {
        Target::Group { name, envoy_cluster, hash_on } => {
            Verdict::Send { envoy_cluster, group: name, slug: None, transaction: None, hash_on }
        }
        Target::Cluster { group, envoy_cluster, slug, .. } => {
            Verdict::Send { envoy_cluster, group, slug: Some(slug), transaction: None, hash_on: None }
        }
        Target::Unknown { message } => {
            let rule = decision.rule.as_deref().unwrap_or("none");
            Verdict::Refuse { message: format!("rule `{rule}`: {message}"), kind: GENERIC_USER_ERROR }
        }
    }
}

fn set_headers(query: &Query, decision: &Decision) {
    for (name, value) in &decision.headers {
        if is_list_header(name) {
            let existing: Vec<&str> = query.headers(name).collect();
            host::set_request_header(name, &merge_list_header(&existing, value));
        } else {
            host::set_request_header(name, value);
        }
    }
}
