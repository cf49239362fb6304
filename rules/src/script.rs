//! One file, taken apart: constants, functions, rules, the last word. Nothing is run here.

mod tree;

use std::collections::BTreeMap;

use rhai::{AST, ASTFlags, Engine, Expr, ImmutableString, Position, ScriptFuncDef, Stmt};

use crate::error::RuleError;
use crate::{api, limits, messages};
pub(crate) use tree::{closure_of, shares, variables};

/// What may stand at the top level of a file.
const ALLOWED: &str = "the top level holds `const`, `fn`, `rule(…)` and `otherwise(…)`";

/// A file, taken apart.
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) constants: Vec<Constant>,
    pub(crate) rules: Vec<RuleSource>,
    pub(crate) otherwise: Option<(Expr, Position)>,
    /// Named functions and closures, by name.
    pub(crate) functions: BTreeMap<String, Function>,
    /// The same, as Rhai keeps them.
    pub(crate) ast: AST,
}

/// `const NAME = expression;`
pub(crate) struct Constant {
    pub(crate) name: ImmutableString,
    pub(crate) expression: Expr,
    pub(crate) position: Position,
}

/// `rule("name", |q| …)`
pub(crate) struct RuleSource {
    pub(crate) name: String,
    pub(crate) position: Position,
    /// What the author calls the query.
    pub(crate) parameter: ImmutableString,
    pub(crate) body: Vec<Stmt>,
}

/// A named function, or a closure.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) parameters: Vec<ImmutableString>,
    pub(crate) body: Vec<Stmt>,
    pub(crate) position: Position,
}

/// Takes a file apart; reports all that may not stand at its top level.
pub(crate) fn read(engine: &Engine, name: &str, source: &str, errors: &mut Vec<RuleError>) -> Option<Script> {
    // Some editors begin a file with a byte order mark.
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    #[cfg(feature = "sources")]
    if let Some(error) = open_comment(engine, source) {
        errors.push(RuleError::new(name, error.0).at(error.1).help("add `*/` where it ends"));
        return None;
    }
    let ast = match engine.compile(source) {
        Ok(ast) => ast,
        Err(error) => {
            let (message, help, position) = messages::parse(source, &error);
            let rule = position.line().and_then(|line| rule_around(source, line));
            errors.push(RuleError::new(name, message).at(position).in_rule(rule).maybe_help(help));
            return None;
        }
    };
    let mut functions = BTreeMap::new();
    let mut definitions: Vec<_> = ast.iter_fn_def().collect();
    definitions.sort_by_key(|definition| definition.body.start_position());
    for definition in definitions {
        let read = tree::function(definition);
        let position = read.position;
        if let Some((message, help)) = refuse_function(definition) {
            errors.push(RuleError::new(name, message).at(position).help(help));
        }
        if functions.insert(definition.name.to_string(), read).is_some() {
            errors.push(
                RuleError::new(name, format!("function `{}` is defined twice", definition.name))
                    .at(position)
                    .help("choose another name"),
            );
        }
    }
    let mut script = Script {
        name: name.to_owned(),
        constants: Vec::new(),
        rules: Vec::new(),
        otherwise: None,
        functions,
        ast: ast.clone_functions_only(),
    };
    for statement in ast.statements() {
        script.add(statement, errors);
    }
    Some(script)
}

impl Script {
    /// Its functions but for closures.
    #[cfg(feature = "sources")]
    pub(crate) fn named_functions(&self) -> impl Iterator<Item = (&str, &Function)> {
        let named = self.functions.iter().filter(|(name, _)| !name.starts_with("anon$"));
        named.map(|(name, function)| (name.as_str(), function))
    }

    fn add(&mut self, statement: &Stmt, errors: &mut Vec<RuleError>) {
        let mut refuse = |position: Position, message: &str, help: &str| {
            errors.push(RuleError::new(&*self.name, message).at(position).help(help));
        };
        match statement {
            Stmt::Noop(_) | Stmt::Share(_) => {}
            Stmt::Var(variable, flags, position) => {
                let (ident, expression, _) = &**variable;
                if flags.contains(ASTFlags::CONSTANT) {
                    let name = ident.name.clone();
                    let expression = expression.clone();
                    self.constants.push(Constant { name, expression, position: ident.pos });
                } else {
                    refuse(
                        *position,
                        &format!("`let {}` at the top level would keep its value from query to query", ident.name),
                        "write `const`, or move it into the rule",
                    );
                }
            }
            Stmt::FnCall(call, position) => self.add_call(&call.name, &call.args, *position, errors),
            Stmt::Expr(expression) => match &**expression {
                Expr::FnCall(call, position) if !call.is_operator_call() => {
                    self.add_call(&call.name, &call.args, *position, errors)
                }
                other => refuse(other.start_position(), "this does nothing here", ALLOWED),
            },
            Stmt::Assignment(_) => refuse(statement.position(), "nothing can be changed at the top level", ALLOWED),
            other => refuse(other.position(), "this statement cannot stand at the top level", ALLOWED),
        }
    }

    fn add_call(&mut self, function: &str, arguments: &[Expr], position: Position, errors: &mut Vec<RuleError>) {
        match function {
            "rule" => match self.rule(arguments, position) {
                Ok(rule) => {
                    if self.otherwise.is_some() {
                        errors.push(
                            RuleError::new(&*self.name, "this rule is never reached: it stands after `otherwise`")
                                .at(position)
                                .in_rule(Some(&rule.name))
                                .help("move `otherwise` to the end"),
                        );
                    }
                    self.rules.push(rule);
                }
                Err(error) => errors.push(*error),
            },
            "otherwise" => match (arguments, &self.otherwise) {
                ([decision], None) => self.otherwise = Some((decision.clone(), position)),
                ([_], Some((_, first))) => errors.push(
                    RuleError::new(&*self.name, format!("a second `otherwise`; the first is in line {}", line(*first)))
                        .at(position)
                        .help("keep one"),
                ),
                _ => errors.push(
                    RuleError::new(&*self.name, "`otherwise` takes one decision")
                        .at(position)
                        .help("write `otherwise(route(\"adhoc\"))`"),
                ),
            },
            "route" | "deny" | "external" | "header" | "tag" => errors.push(
                RuleError::new(&*self.name, "this decision belongs to no rule")
                    .at(position)
                    .help("write `otherwise(…)` around it, or put it into a rule"),
            ),
            other => errors.push(
                RuleError::new(&*self.name, format!("`{other}(…)` cannot be called at the top level"))
                    .at(position)
                    .help(ALLOWED),
            ),
        }
    }

    fn rule(&self, arguments: &[Expr], position: Position) -> Result<RuleSource, Box<RuleError>> {
        let wrong = |message: &str, position: Position, help: &str| {
            Err(Box::new(RuleError::new(&*self.name, message).at(position).help(help)))
        };
        const FORM: &str = "write `rule(\"name\", |q| …)`";
        let [name, closure] = arguments else {
            return wrong("`rule` takes a name and a closure", position, FORM);
        };
        let Expr::StringConstant(text, name_position) = name else {
            return wrong("the name of a rule is a string written out", name.start_position(), FORM);
        };
        if let Some(why) = refuse_rule_name(text) {
            return wrong(&why, *name_position, "use letters, digits, space, `_`, `.`, `:` and `-`");
        }
        let Some((function, captured)) = closure_of(closure) else {
            return wrong("the second argument of `rule` is a closure", closure.start_position(), FORM);
        };
        let Some(function) = self.functions.get(function.as_str()) else {
            return wrong("the second argument of `rule` is a closure", closure.start_position(), FORM);
        };
        let [parameter] = function.parameters.get(captured..).unwrap_or_default() else {
            return wrong("the closure of a rule takes one parameter, the query", closure.start_position(), FORM);
        };
        Ok(RuleSource { name: text.to_string(), position, parameter: parameter.clone(), body: function.body.clone() })
    }
}

/// Where a comment begins that nothing closes: Rhai takes the rest of the file for it, whatever stands there.
#[cfg(feature = "sources")]
fn open_comment(engine: &Engine, source: &str) -> Option<(&'static str, Position)> {
    let start = source.rfind("/*")?;
    engine.compile(format!("{source}\n)")).ok()?;
    let before = source.get(..start)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next()?.chars().count() + 1;
    Some(("this comment is not closed", Position::new(u16::try_from(line).ok()?, u16::try_from(column).ok()?)))
}

/// Why a function may not be defined so, and what to do.
fn refuse_function(definition: &ScriptFuncDef) -> Option<(String, &'static str)> {
    if definition.this_type.is_some() {
        return Some(("a function cannot be a method".to_owned(), "pass the value as a parameter"));
    }
    api::table()
        .any(|entry| entry.owner.is_none() && entry.name == definition.name.as_str())
        .then(|| (format!("function `{}` hides the one of that name", definition.name), "choose another name"))
}

fn refuse_rule_name(name: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " _.:-".contains(c);
    if name.trim().is_empty() {
        Some("a rule needs a name".to_owned())
    } else if name.chars().count() > limits::RULE_NAME_CHARACTERS {
        Some(format!("the name of a rule has at most {} characters", limits::RULE_NAME_CHARACTERS))
    } else {
        name.chars()
            .find(|c| !allowed(*c))
            .map(|c| format!("`{}` cannot stand in the name of a rule", c.escape_default()))
    }
}

/// The rule that most likely stands around a line: the nearest `rule("…"` above.
fn rule_around(source: &str, line: usize) -> Option<&str> {
    source.lines().take(line).filter_map(|text| text.trim_start().strip_prefix("rule(\"")?.split('"').next()).last()
}

pub(crate) fn line(position: Position) -> usize {
    position.line().unwrap_or_default()
}
