//! A rule set: compiled once, asked for every query.

mod uses;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rhai::{Caches, Dynamic, Engine, EvalAltResult, ImmutableString, Module, Scope, Shared, Stmt};
use serde::{Deserialize, Serialize};

use crate::answer::Fact;
use crate::api::Type;
use crate::api::decision::{Addition, Denial, Place, Route};
use crate::api::query::Q;
#[cfg(feature = "sources")]
use crate::check::Uses;
use crate::compile::{self, Compiled};
use crate::data::{Data, Needs};
use crate::decision::{Action, Decision};
use crate::error::RuleErrors;
use crate::limit::{Limit, LimitBy, Rate};
use crate::limits;
use crate::memo::{Found, Memo};
use crate::messages;
use crate::query::Query;
use crate::runtime::{Ended, Runtime};
use crate::trace::{Named, Outcome, Trace};
#[cfg(feature = "sources")]
pub use uses::Mention;

pub(crate) type RhaiResult = Result<Dynamic, Box<EvalAltResult>>;
/// The functions of each file.
pub(crate) type Libraries = Vec<Shared<Module>>;

/// The file of a rule set that holds its cases.
pub(crate) const CASES: &str = "cases.json";

/// One file of a rule set: a script, a table, or its cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Name, such as `10-etl.rhai` or `tables/vips.csv`. Scripts are taken in the order of their names.
    pub name: String,
    /// Its text.
    pub source: String,
}

impl RuleFile {
    /// Does it hold rules? All else is a table, or [`cases`](crate::cases).
    pub fn is_script(&self) -> bool {
        self.name.ends_with(".rhai")
    }
}

/// A compiled rule set.
///
/// Constants and functions are seen in all files. Nothing that a rule could see is kept from query to query.
pub struct RuleSet {
    engine: Engine,
    runtime: Rc<Runtime>,
    files: Vec<String>,
    rules: Vec<Rule>,
    /// Their names and lines, for traces.
    names: Rc<[Named]>,
    otherwise: Option<(Verdict, usize)>,
    memo: RefCell<Memo>,
    /// The constants. Rules find them below the query, so that a list of a thousand users is not copied for each query.
    scope: Cell<Scope<'static>>,
    libraries: Libraries,
    /// Which function a call means: finding it out takes longer than most calls. Depends on types only.
    caches: Cell<Caches>,
    needs: Needs,
    #[cfg(feature = "sources")]
    uses: Uses,
}

/// One rule, ready to run.
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// The file, by its place in the rule set.
    pub(crate) file: usize,
    /// What the author calls the query.
    pub(crate) parameter: ImmutableString,
    pub(crate) body: Vec<Stmt>,
    /// A closure in the rule takes a constant along: Rhai then turns the constant into one that is shared.
    pub(crate) shares_constants: bool,
}

/// What a rule said.
#[derive(Clone)]
pub(crate) enum Verdict {
    Route(Route),
    Denial(Denial),
    /// The next rules are asked, too.
    Addition(Addition),
}

impl RuleSet {
    /// Compiles the files of a rule set: scripts in order of their names, and tables. No file at all is legal: every query
    /// then goes to the default group.
    ///
    /// # Errors
    ///
    /// All mistakes at once, each with file, rule, line and column.
    #[cfg(feature = "sources")]
    pub fn compile(files: &[RuleFile]) -> Result<RuleSet, RuleErrors> {
        let mut errors = Vec::new();
        let data = Data::read(files, &mut errors);
        Ok(RuleSet::new(compile::compile(files, data, errors)?))
    }

    /// Compiles scripts with what was read before, as [`RuleSet::data`] gave it.
    ///
    /// # Errors
    ///
    /// As [`RuleSet::compile`]'s.
    pub fn load(scripts: &[RuleFile], data: Data) -> Result<RuleSet, RuleErrors> {
        Ok(RuleSet::new(compile::compile(scripts, data, Vec::new())?))
    }

    fn new(mut compiled: Compiled) -> RuleSet {
        if compiled.needs.body {
            compiled.engine.set_max_string_size(limits::TEXT_BYTES);
        }
        RuleSet {
            engine: compiled.engine,
            runtime: compiled.runtime,
            libraries: compiled.libraries,
            caches: Cell::new(Caches::new()),
            files: compiled.files,
            names: compiled.rules.iter().map(|rule| (rule.name.clone(), rule.line)).collect(),
            memo: RefCell::default(),
            rules: compiled.rules,
            otherwise: compiled.otherwise,
            scope: Cell::new(compiled.constants),
            needs: compiled.needs,
            #[cfg(feature = "sources")]
            uses: compiled.uses,
        }
    }

    /// Asks the rules in order; the first decision counts. Never panics, always ends: a rule that fails or uses up its
    /// budget is skipped and shown in the trace.
    ///
    /// What was decided before about a query that answers alike is remembered; see the module `memo`.
    pub fn decide(&self, query: Rc<Query>) -> Rc<Decision> {
        // A long text makes operations dearer, so that a rule may run out of its budget which otherwise does not.
        let comparable = query.text_bytes() < limits::TEXT_BYTES_PER_PRICE;
        let Some(mut memo) = self.memo.try_borrow_mut().ok().filter(|_| comparable) else {
            return Rc::new(self.ask(&query, None));
        };
        match memo.find(&query) {
            Found::Decision(decision) => decision,
            Found::AskTheRules => Rc::new(self.ask(&query, None)),
            Found::New => {
                query.record();
                let decision = Rc::new(self.ask(&query, None));
                memo.remember(&query, query.recorded(), &decision);
                decision
            }
        }
    }

    /// Asks the rules; `read` gets what each of them read of the query.
    pub(crate) fn ask(&self, query: &Rc<Query>, mut read: Option<&mut Vec<Vec<Fact>>>) -> Decision {
        self.runtime.start(query.text_bytes());
        self.runtime.about(Some(Rc::clone(query)));
        let mut asks = None;
        let mut scope = self.scope.take();
        let mut caches = self.caches.take();
        let constants = scope.len();
        let mut trace = Trace::new(Rc::clone(&self.names));
        let mut verdict = None;
        let mut added = Addition::default();
        for rule in &self.rules {
            let outcome = if self.runtime.is_spent() {
                Outcome::Failed(messages::spent())
            } else {
                self.runtime.enter(rule.file);
                // INVARIANT: no constant in `scope` is ever shared, so nothing a rule does to one stays.
                let mut own = rule.shares_constants.then(|| scope.clone());
                let seen = own.as_mut().unwrap_or(&mut scope);
                seen.push_dynamic(rule.parameter.clone(), Dynamic::from(Q(Rc::clone(query))));
                let result = evaluate(&self.engine, &self.libraries, &mut caches, seen, &rule.body);
                scope.rewind(constants);
                let said = match self.runtime.ended() {
                    Some(Ended::Asks(service)) => {
                        asks = Some(service.into_owned());
                        break;
                    }
                    Some(Ended::Denies(denial)) => Ok(Some(Verdict::Denial(denial))),
                    Some(Ended::Passes(headers)) if headers.is_empty() => Ok(None),
                    Some(Ended::Passes(headers)) => Ok(Some(Verdict::Addition(Addition { headers, tags: Vec::new() }))),
                    None => result.map_err(|error| failure(&error)).and_then(verdict_of),
                };
                match said {
                    Ok(None) => Outcome::Passed,
                    Ok(Some(Verdict::Addition(addition))) => {
                        added.headers.extend(addition.headers);
                        added.tags.extend(addition.tags);
                        Outcome::Added
                    }
                    Ok(Some(found)) => {
                        verdict = Some((found, rule.name.as_str()));
                        Outcome::Matched
                    }
                    Err(why) => Outcome::Failed(why),
                }
            };
            trace.push(outcome);
            if let Some(read) = read.as_mut() {
                read.push(query.recorded());
                query.record();
            }
            if verdict.is_some() {
                break;
            }
        }
        self.scope.set(scope);
        self.caches.set(caches);
        self.runtime.about(None);
        if asks.is_some() {
            return Decision { asks, trace, ..Decision::default() };
        }
        if verdict.is_none()
            && let Some((otherwise, line)) = &self.otherwise
        {
            verdict = Some((otherwise.clone(), "otherwise"));
            trace.push_otherwise(*line);
        }
        self.decision(verdict, added, trace)
    }

    #[cfg(feature = "sources")]
    pub(crate) fn file_count(&self) -> usize {
        self.files.len()
    }

    /// The decision, with what earlier rules added: where both say something, what decided comes last and wins.
    fn decision(&self, verdict: Option<(Verdict, &str)>, added: Addition, trace: Trace) -> Decision {
        let Addition { mut headers, mut tags } = added;
        let (mut cache, mut limit) = (None, None);
        let (action, rule, place) = match verdict {
            Some((Verdict::Route(route), rule)) => {
                headers.extend(route.headers);
                tags.extend(route.tags);
                cache = route.cache;
                limit = route.limit;
                let action = Action::Route {
                    groups: owned(route.groups),
                    cluster: route.cluster.map(ImmutableString::into_owned),
                    only: route.only,
                };
                (action, Some(rule), Some(route.place))
            }
            Some((Verdict::Denial(denial), rule)) => {
                headers.clear();
                tags.extend(denial.tags);
                (Action::Deny { message: denial.message.into_owned() }, Some(rule), Some(denial.place))
            }
            Some((Verdict::Addition(_), _)) | None => (Action::Default, None, None),
        };
        Decision {
            action,
            rule: rule.map(str::to_owned),
            file: place.and_then(|Place { file, .. }| self.files.get(file).cloned()),
            line: place.map(|Place { line, .. }| line),
            headers: headers.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
            cache,
            limit: limit.map(|(by, rate, place)| self.limit(by, rate, place)),
            asks: None,
            tags: owned(tags),
            trace,
        }
    }

    fn limit(&self, by: LimitBy, rate: Rate, place: Place) -> Limit {
        Limit { by, rate, file: self.files.get(place.file).cloned().unwrap_or_default(), line: place.line }
    }
}

fn owned(list: Vec<ImmutableString>) -> Vec<String> {
    list.into_iter().map(ImmutableString::into_owned).collect()
}

/// Runs statements with fresh limits.
#[expect(deprecated, reason = "the only way to keep the caches from call to call: a fifth of a decision's time")]
pub(crate) fn evaluate(
    engine: &Engine,
    libraries: &Libraries,
    caches: &mut Caches,
    scope: &mut Scope<'static>,
    statements: &[Stmt],
) -> RhaiResult {
    let mut global = engine.new_global_runtime_state();
    global.lib.extend(libraries.iter().cloned());
    let result = engine.eval_statements_raw(&mut global, caches, scope, statements);
    caches.rewind_fn_resolution_caches(1);
    result
}

/// What a rule's value says; nothing for `()`.
pub(crate) fn verdict_of(value: Dynamic) -> Result<Option<Verdict>, String> {
    match Type::of(&value) {
        Type::Unit => Ok(None),
        Type::Route => Ok(value.try_cast().map(Verdict::Route)),
        Type::Denial => Ok(value.try_cast().map(Verdict::Denial)),
        Type::Addition => Ok(value.try_cast().map(Verdict::Addition)),
        other => Err(format!("gave {}; a rule gives a decision such as `route(\"adhoc\")`, or nothing", other.words())),
    }
}

fn failure(error: &EvalAltResult) -> String {
    let (mut message, position) = messages::runtime(error);
    if let Some((cut, _)) = message.char_indices().nth(limits::REASON_CHARACTERS) {
        message.truncate(cut);
        message.push('…');
    }
    match (position.line(), position.position()) {
        (Some(line), Some(column)) => format!("line {line}, column {column}: {message}"),
        (Some(line), None) => format!("line {line}: {message}"),
        _ => message,
    }
}
