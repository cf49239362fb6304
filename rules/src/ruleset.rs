//! A rule set: compiled once, asked for every query.

use std::cell::Cell;
use std::rc::Rc;

use rhai::{AST, Dynamic, Engine, EvalAltResult, ImmutableString, OptimizationLevel, Scope, Stmt};
use serde::{Deserialize, Serialize};

use crate::api::Type;
use crate::api::decision::{Denial, Place, Route};
use crate::api::query::Q;
use crate::check::{self, Context, UnknownValue, Uses};
use crate::decision::{Action, Decision, Outcome, TraceEntry};
use crate::error::{RuleError, RuleErrors};
use crate::query::Query;
use crate::runtime::Runtime;
use crate::script::{self, Constant, Script};
use crate::{engine, messages};

/// One `.rhai` file of a rule set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Name, such as `10-etl.rhai`. Files are taken in the order of their names.
    pub name: String,
    /// The script.
    pub source: String,
}

/// A group or cluster that rules name, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupUse {
    /// The group or cluster.
    pub name: String,
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: Option<usize>,
    /// Column, from 1.
    pub column: Option<usize>,
    /// The rule; none outside rules.
    pub rule: Option<String>,
}

/// A compiled rule set.
///
/// Constants are seen in all files, functions in their own file only. Nothing is kept from query to query.
pub struct RuleSet {
    engine: Engine,
    runtime: Rc<Runtime>,
    files: Vec<String>,
    rules: Vec<Rule>,
    otherwise: Option<(Verdict, usize)>,
    /// The constants. Rules find them below the query, so that a list of a thousand users is not copied for each query.
    scope: Cell<Scope<'static>>,
    uses: Uses,
}

struct Rule {
    name: String,
    line: usize,
    file: usize,
    parameter: ImmutableString,
    ast: AST,
    /// A closure in the rule takes a constant along: Rhai then turns the constant into one that is shared.
    shares_constants: bool,
}

#[derive(Clone)]
enum Verdict {
    Route(Route),
    Denial(Denial),
}

impl RuleSet {
    /// Compiles the files of a rule set, in order of their names. No file at all is legal: every query then goes to the
    /// default group.
    ///
    /// # Errors
    ///
    /// All mistakes at once, each with file, rule, line and column.
    pub fn compile(files: &[RuleFile]) -> Result<RuleSet, RuleErrors> {
        let runtime = Rc::new(Runtime::default());
        let engine = engine::build(&runtime);
        let mut sorted: Vec<&RuleFile> = files.iter().collect();
        sorted.sort_by(|a, b| a.name.cmp(&b.name));

        let mut errors = Vec::new();
        let scripts: Vec<Option<Script>> =
            sorted.iter().map(|file| script::read(&engine, &file.name, &file.source, &mut errors)).collect();
        let unread = scripts.iter().any(Option::is_none);
        let scripts: Vec<Script> = scripts.into_iter().flatten().collect();
        check::across_files(&scripts, &mut errors);
        let scope = Scope::new();
        let mut compiler =
            Compiler { engine: &engine, runtime: &runtime, scope, incomplete: unread, uses: Uses::default(), errors };
        compiler.constants(&scripts);
        compiler.check(&scripts);
        if !compiler.errors.is_empty() {
            return Err(RuleErrors::sorted(compiler.errors, files.len()));
        }
        let rules = compiler.rules(&scripts);
        let otherwise = compiler.otherwise(&scripts);
        let Compiler { scope, uses, errors, .. } = compiler;
        if !errors.is_empty() {
            return Err(RuleErrors::sorted(errors, files.len()));
        }
        let files = scripts.into_iter().map(|script| script.name).collect();
        Ok(RuleSet { engine, runtime, files, rules, otherwise, scope: Cell::new(scope), uses })
    }

    /// Does a rule read `q.sql`, so that the body is needed? Known without running a rule.
    pub fn reads_body(&self) -> bool {
        self.uses.body
    }

    /// Does a rule read more of a group than whether it is serving?
    pub fn reads_load(&self) -> bool {
        self.uses.load
    }

    /// Names of the rules, in order.
    pub fn rule_names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.name.as_str())
    }

    /// Groups that are written out in `route()`, `.or()` and `q.group()`; those that are computed are not known.
    pub fn groups(&self) -> Vec<GroupUse> {
        self.uses.groups.clone()
    }

    /// Clusters that are written out in `.cluster()`.
    pub fn clusters(&self) -> Vec<GroupUse> {
        self.uses.clusters.clone()
    }

    /// Asks the rules in order; the first decision counts. Never panics, always ends: a rule that fails or uses up its
    /// budget is skipped and shown in the trace.
    pub fn decide(&self, query: Rc<Query>) -> Decision {
        self.runtime.start();
        let mut scope = self.scope.take();
        let constants = scope.len();
        let mut trace = Vec::with_capacity(self.rules.len());
        let mut verdict = None;
        for rule in &self.rules {
            let outcome = if self.runtime.is_spent() {
                Outcome::Failed(messages::spent())
            } else {
                self.runtime.enter(rule.file);
                // INVARIANT: no constant in `scope` is ever shared, so nothing a rule does to one stays.
                let mut own = rule.shares_constants.then(|| scope.clone());
                let seen = own.as_mut().unwrap_or(&mut scope);
                seen.push_dynamic(rule.parameter.clone(), Dynamic::from(Q(Rc::clone(&query))));
                let result = self.engine.eval_ast_with_scope::<Dynamic>(seen, &rule.ast);
                scope.rewind(constants);
                match result.map_err(|error| failure(&error)).and_then(verdict_of) {
                    Ok(None) => Outcome::Passed,
                    Ok(Some(found)) => {
                        verdict = Some((found, rule.name.as_str()));
                        Outcome::Matched
                    }
                    Err(why) => Outcome::Failed(why),
                }
            };
            trace.push(TraceEntry { rule: rule.name.clone(), line: rule.line, outcome });
            if verdict.is_some() {
                break;
            }
        }
        self.scope.set(scope);
        if verdict.is_none()
            && let Some((otherwise, line)) = &self.otherwise
        {
            verdict = Some((otherwise.clone(), "otherwise"));
            trace.push(TraceEntry { rule: "otherwise".to_owned(), line: *line, outcome: Outcome::Matched });
        }
        self.decision(verdict, trace)
    }

    pub(crate) fn file_count(&self) -> usize {
        self.files.len()
    }

    fn decision(&self, verdict: Option<(Verdict, &str)>, trace: Vec<TraceEntry>) -> Decision {
        let Some((verdict, rule)) = verdict else {
            return Decision {
                action: Action::Default,
                rule: None,
                file: None,
                line: None,
                headers: Vec::new(),
                tags: Vec::new(),
                trace,
            };
        };
        let owned = |list: Vec<ImmutableString>| list.into_iter().map(ImmutableString::into_owned).collect();
        let (action, headers, tags, place) = match verdict {
            Verdict::Route(route) => {
                let action = Action::Route {
                    groups: owned(route.groups),
                    cluster: route.cluster.map(ImmutableString::into_owned),
                    only: route.only,
                };
                let headers = route.headers.into_iter().map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
                (action, headers, owned(route.tags), route.place)
            }
            Verdict::Denial(denial) => {
                let action = Action::Deny { message: denial.message.into_owned() };
                (action, Vec::new(), owned(denial.tags), denial.place)
            }
        };
        let Place { file, line } = place;
        Decision {
            action,
            rule: Some(rule.to_owned()),
            file: self.files.get(file).cloned(),
            line: Some(line),
            headers,
            tags,
            trace,
        }
    }
}

/// What a rule's value says; nothing for `()`.
fn verdict_of(value: Dynamic) -> Result<Option<Verdict>, String> {
    match Type::of(&value) {
        Type::Unit => Ok(None),
        Type::Route => Ok(value.try_cast().map(Verdict::Route)),
        Type::Denial => Ok(value.try_cast().map(Verdict::Denial)),
        other => Err(format!(
            "gave {}; a rule gives a decision such as `route(\"adhoc\")`, or nothing",
            other.words()
        )),
    }
}

fn failure(error: &EvalAltResult) -> String {
    let (message, position) = messages::runtime(error);
    match (position.line(), position.position()) {
        (Some(line), Some(column)) => format!("line {line}, column {column}: {message}"),
        (Some(line), None) => format!("line {line}: {message}"),
        _ => message,
    }
}

struct Compiler<'a> {
    engine: &'a Engine,
    runtime: &'a Runtime,
    /// The constants so far.
    scope: Scope<'static>,
    /// A file could not be read.
    incomplete: bool,
    uses: Uses,
    errors: Vec<RuleError>,
}

impl Compiler<'_> {
    /// Computes the constants of all files, in order.
    fn constants(&mut self, scripts: &[Script]) {
        for (file, script) in scripts.iter().enumerate() {
            for constant in &script.constants {
                if self.scope.contains(&constant.name) {
                    continue; // told by `check::across_files`
                }
                let (uses, found) = check::constant(self.context(), script, &constant.expression);
                self.uses.add(uses);
                let value = if found.is_empty() { self.constant(file, script, constant) } else { None };
                self.errors.extend(found);
                // What uses the name is checked whether there is a value or not.
                let value = value.unwrap_or_else(|| Dynamic::from(UnknownValue));
                self.scope.push_constant_dynamic(constant.name.clone(), value);
            }
        }
    }

    fn constant(&mut self, file: usize, script: &Script, constant: &Constant) -> Option<Dynamic> {
        match self.run(file, script, Stmt::Expr(Box::new(constant.expression.clone()))) {
            Ok(value) if value.is_fnptr() => {
                self.errors.push(
                    RuleError::new(&*script.name, "a constant cannot hold a function")
                        .at(constant.position)
                        .help("write `fn name(…) { … }`"),
                );
                None
            }
            Ok(value) => Some(value),
            Err(error) => {
                self.report(script, &error, constant.position);
                None
            }
        }
    }

    fn check(&mut self, scripts: &[Script]) {
        for script in scripts {
            let (uses, found) = check::script(self.context(), script);
            self.uses.add(uses);
            self.errors.extend(found);
        }
    }

    fn context(&self) -> Context<'_> {
        Context { constants: &self.scope, runtime: self.runtime, incomplete: self.incomplete }
    }

    fn rules(&mut self, scripts: &[Script]) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (file, script) in scripts.iter().enumerate() {
            // Functions and inner closures do not see the scope: constants are put into them.
            let functions =
                self.engine.optimize_ast(&self.scope, script.ast.clone(), OptimizationLevel::Simple);
            for rule in &script.rules {
                let body = AST::new(rule.body.clone(), functions.shared_lib().clone());
                // An empty scope: a rule reads constants where they are, instead of copying them.
                let body = self.engine.optimize_ast(&Scope::new(), body, OptimizationLevel::Simple);
                let ast = AST::new(body.statements().to_vec(), functions.shared_lib().clone());
                rules.push(Rule {
                    name: rule.name.clone(),
                    line: script::line(rule.position),
                    file,
                    parameter: rule.parameter.clone(),
                    shares_constants: script::shares(&rule.body, |name| self.scope.contains(name)),
                    ast,
                });
            }
        }
        rules
    }

    fn otherwise(&mut self, scripts: &[Script]) -> Option<(Verdict, usize)> {
        for (file, script) in scripts.iter().enumerate() {
            let Some((expression, position)) = &script.otherwise else { continue };
            let value = match self.run(file, script, Stmt::Expr(Box::new(expression.clone()))) {
                Ok(value) => value,
                Err(error) => {
                    self.report(script, &error, *position);
                    return None;
                }
            };
            match verdict_of(value) {
                Ok(Some(verdict)) => return Some((verdict, script::line(*position))),
                Ok(None) | Err(_) => self.errors.push(
                    RuleError::new(&*script.name, "`otherwise` takes a decision")
                        .at(*position)
                        .help("write `otherwise(route(\"adhoc\"))`"),
                ),
            }
        }
        None
    }

    /// Runs one expression of the top level.
    fn run(&mut self, file: usize, script: &Script, statement: Stmt) -> Result<Dynamic, Box<EvalAltResult>> {
        self.runtime.start();
        self.runtime.enter(file);
        let functions = self.engine.optimize_ast(&self.scope, script.ast.clone(), OptimizationLevel::Simple);
        let ast = AST::new([statement], functions.shared_lib().clone());
        let constants = self.scope.len();
        let result = self.engine.eval_ast_with_scope::<Dynamic>(&mut self.scope, &ast);
        self.scope.rewind(constants);
        result
    }

    fn report(&mut self, script: &Script, error: &EvalAltResult, otherwise: rhai::Position) {
        let (message, position) = messages::runtime(error);
        let position = if position.is_none() { otherwise } else { position };
        self.errors.push(RuleError::new(&*script.name, message).at(position));
    }
}
