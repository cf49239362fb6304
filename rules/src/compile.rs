//! From files to what a rule set runs: reads them, computes constants, checks all, prepares each rule.

use std::rc::Rc;

use rhai::{AST, Caches, Dynamic, Engine, EvalAltResult, Module, OptimizationLevel, Scope, Stmt};

#[cfg(feature = "sources")]
use crate::check::{self, Context, Functions, Uses};
use crate::data::{Data, Needs, TABLES};
use crate::error::{RuleError, RuleErrors};
use crate::ruleset::{CASES, Libraries, RhaiResult, Rule, RuleFile, Verdict, evaluate, verdict_of};
use crate::runtime::Runtime;
use crate::script::{self, Constant, Script};
use crate::{engine, messages};

/// What a rule set is made of.
pub(crate) struct Compiled {
    pub(crate) engine: Engine,
    pub(crate) runtime: Rc<Runtime>,
    /// Names of the files, in order.
    pub(crate) files: Vec<String>,
    pub(crate) rules: Vec<Rule>,
    /// The last word, and the line of it.
    pub(crate) otherwise: Option<(Verdict, usize)>,
    pub(crate) constants: Scope<'static>,
    /// All functions.
    pub(crate) libraries: Libraries,
    pub(crate) needs: Needs,
    #[cfg(feature = "sources")]
    pub(crate) uses: Uses,
}

/// Stands for the value of a constant that could not be computed.
#[derive(Clone)]
pub(crate) struct UnknownValue;

/// Compiles the scripts among the files, in order of their names; reports all mistakes at once, with those of the data.
pub(crate) fn compile(files: &[RuleFile], data: Data, mut errors: Vec<RuleError>) -> Result<Compiled, RuleErrors> {
    let runtime = Rc::new(Runtime::default());
    // What reads a table with mistakes is checked as far as that goes without it.
    let unread = errors.iter().filter_map(|error| error.file.strip_prefix(TABLES)).map(str::to_owned).collect();
    #[cfg(not(feature = "sources"))]
    let needs = data.needs;
    for pattern in &data.regexes {
        if let Err(why) = runtime.add_regex(pattern) {
            errors.push(RuleError::new("", format!("`{pattern}` is not a regular expression: {why}")));
        }
    }
    runtime.set_data(data, unread);
    let engine = engine::build(&runtime);
    let mut sorted: Vec<&RuleFile> = files.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    for pair in sorted.windows(2) {
        if let [a, b] = pair
            && a.name == b.name
        {
            errors.push(RuleError::new(&*b.name, "two files have this name").help("rename one"));
        }
    }
    let scripts = sorted.iter().filter(|file| file.is_script());
    let read: Vec<Option<Script>> =
        scripts.map(|file| script::read(&engine, &file.name, &file.source, &mut errors)).collect();
    #[cfg(feature = "sources")]
    let incomplete = read.iter().any(Option::is_none);
    let scripts: Vec<Script> = read.into_iter().flatten().collect();
    #[cfg(feature = "sources")]
    check::across_files(&scripts, &mut errors);

    let mut compiler = Compiler {
        engine: &engine,
        runtime: &runtime,
        scope: Scope::new(),
        errors,
        #[cfg(feature = "sources")]
        functions: scripts.iter().flat_map(|s| s.named_functions().map(move |(n, f)| (n, (s, f)))).collect(),
        #[cfg(feature = "sources")]
        incomplete,
        #[cfg(feature = "sources")]
        uses: Uses::default(),
    };
    compiler.constants(&scripts);
    #[cfg(feature = "sources")]
    compiler.check(&scripts);
    let (mut rules, mut otherwise, mut libraries) = (Vec::new(), None, Vec::new());
    if compiler.errors.is_empty() {
        libraries = compiler.libraries(&scripts);
        rules = compiler.rules(&scripts);
        otherwise = compiler.otherwise(&scripts);
    }
    #[cfg(feature = "sources")]
    let (needs, uses) = (compiler.uses.needs, compiler.uses);
    let Compiler { scope: constants, errors, .. } = compiler;
    if !errors.is_empty() {
        return Err(RuleErrors::sorted(errors, files.iter().filter(|file| file.name != CASES).count()));
    }
    let files = scripts.into_iter().map(|script| script.name).collect();
    Ok(Compiled {
        engine,
        runtime,
        files,
        rules,
        otherwise,
        constants,
        libraries,
        needs,
        #[cfg(feature = "sources")]
        uses,
    })
}

struct Compiler<'a> {
    engine: &'a Engine,
    runtime: &'a Runtime,
    /// The constants so far.
    scope: Scope<'static>,
    errors: Vec<RuleError>,
    #[cfg(feature = "sources")]
    functions: Functions<'a>,
    /// A file could not be read.
    #[cfg(feature = "sources")]
    incomplete: bool,
    #[cfg(feature = "sources")]
    uses: Uses,
}

impl Compiler<'_> {
    /// Computes the constants of all files, in order.
    fn constants(&mut self, scripts: &[Script]) {
        for (file, script) in scripts.iter().enumerate() {
            for constant in &script.constants {
                if self.scope.contains(&constant.name) {
                    continue; // told by `check::across_files`
                }
                let good = self.check_constant(script, constant);
                let value = if good { self.constant(file, scripts, script, constant) } else { None };
                // What uses the name is checked whether there is a value or not.
                let value = value.unwrap_or_else(|| Dynamic::from(UnknownValue));
                self.scope.push_constant_dynamic(constant.name.clone(), value);
            }
        }
    }

    fn constant(&mut self, file: usize, scripts: &[Script], script: &Script, constant: &Constant) -> Option<Dynamic> {
        match self.run(file, scripts, Stmt::Expr(Box::new(constant.expression.clone()))) {
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

    #[cfg(feature = "sources")]
    fn check_constant(&mut self, script: &Script, constant: &Constant) -> bool {
        let (uses, found) = check::constant(self.context(), script, &constant.expression);
        self.uses.add(uses);
        let good = found.is_empty();
        self.errors.extend(found);
        good
    }

    /// It was checked before it was published.
    #[cfg(not(feature = "sources"))]
    fn check_constant(&mut self, _: &Script, _: &Constant) -> bool {
        true
    }

    #[cfg(feature = "sources")]
    fn check(&mut self, scripts: &[Script]) {
        for script in scripts {
            let (uses, found) = check::script(self.context(), script);
            self.uses.add(uses);
            self.errors.extend(found);
        }
    }

    #[cfg(feature = "sources")]
    fn context(&self) -> Context<'_> {
        Context {
            constants: &self.scope,
            functions: &self.functions,
            runtime: self.runtime,
            incomplete: self.incomplete,
        }
    }

    fn rules(&mut self, scripts: &[Script]) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (file, script) in scripts.iter().enumerate() {
            for rule in &script.rules {
                let body = AST::new(rule.body.clone(), Module::new());
                // An empty scope: a rule reads constants where they are, instead of copying them.
                let body = self.engine.optimize_ast(&Scope::new(), body, OptimizationLevel::Simple);
                rules.push(Rule {
                    name: rule.name.clone(),
                    line: script::line(rule.position),
                    file,
                    parameter: rule.parameter.clone(),
                    shares_constants: script::shares(&rule.body, |name| self.scope.contains(name)),
                    body: body.statements().to_vec(),
                });
            }
        }
        rules
    }

    fn otherwise(&mut self, scripts: &[Script]) -> Option<(Verdict, usize)> {
        for (file, script) in scripts.iter().enumerate() {
            let Some((expression, position)) = &script.otherwise else { continue };
            let value = match self.run(file, scripts, Stmt::Expr(Box::new(expression.clone()))) {
                Ok(value) => value,
                Err(error) => {
                    self.report(script, &error, *position);
                    return None;
                }
            };
            match verdict_of(value) {
                Ok(Some(verdict @ (Verdict::Route(_) | Verdict::Denial(_)))) => {
                    return Some((verdict, script::line(*position)));
                }
                Ok(Some(Verdict::Addition(_)) | None) | Err(_) => self.errors.push(
                    RuleError::new(&*script.name, "`otherwise` takes a decision")
                        .at(*position)
                        .help("write `otherwise(route(\"adhoc\"))`"),
                ),
            }
        }
        None
    }

    /// Runs one expression of the top level.
    fn run(&mut self, file: usize, scripts: &[Script], statement: Stmt) -> RhaiResult {
        self.runtime.start(0);
        self.runtime.enter(file);
        let functions = self.libraries(scripts);
        let constants = self.scope.len();
        let result = evaluate(self.engine, &functions, &mut Caches::new(), &mut self.scope, &[statement]);
        self.scope.rewind(constants);
        result
    }

    /// The functions of each file. They and inner closures do not see the scope: constants are put into them.
    fn libraries(&self, scripts: &[Script]) -> Libraries {
        let library = |(file, script): (usize, &Script)| {
            let mut ast = self.engine.optimize_ast(&self.scope, script.ast.clone(), OptimizationLevel::Simple);
            // Tells `api::decision` in which file a function stands that makes a decision.
            ast.set_source(file.to_string());
            for name in script::variables(&ast) {
                // Rhai puts no value at the head of a chain, nor one that it cannot write down.
                if let Some(value) = self.scope.get(&name) {
                    self.runtime.add_constant(name, value);
                }
            }
            ast.shared_lib().clone()
        };
        scripts.iter().enumerate().map(library).collect()
    }

    fn report(&mut self, script: &Script, error: &EvalAltResult, otherwise: rhai::Position) {
        let (message, position) = messages::runtime(error);
        let position = if position.is_none() { otherwise } else { position };
        let help = "this is computed once, before any query: write another value";
        self.errors.push(RuleError::new(&*script.name, message).at(position).help(help));
    }
}
