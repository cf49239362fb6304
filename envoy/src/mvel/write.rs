//! Translated rules as a file of Warren's rules.
//!
//! In Trino Gateway the last rule that is true wins, here the first one: rules stand in reverse. Rules that share `state`, or
//! that may take back what others wrote, become one rule that does it all in order.

use std::collections::BTreeSet;
use std::ops::Range;

use warren_rules::{RuleFile, RuleSet, limits};

use super::action::Step;
use super::code::{Body, WIDTH, broken, conditional, does, gives, indent, indented, is_value, routes, takes_back};
use super::file::GatewayRule;
use super::syntax::{Refusal, Translated};
use super::value::quoted;
use super::{Finding, Import, finding};

/// A rule of Trino Gateway, and what became of it.
#[derive(Debug)]
pub(super) struct Rule {
    gateway: GatewayRule,
    meets_state: bool,
    body: Translated<Body>,
}

/// Lines, and the rule that each belongs to.
type Lines = Vec<(usize, String)>;

impl Rule {
    pub(super) fn new(gateway: GatewayRule, meets_state: bool, body: Translated<Body>) -> Self {
        Rule { gateway, meets_state, body }
    }

    fn steps(&self) -> &[Step] {
        self.body.as_ref().map_or(&[], |body| &body.steps)
    }

    /// The group, if it is always this one.
    fn always(&self) -> Option<&str> {
        match &self.body {
            Ok(Body { conditions, steps }) if conditions.is_empty() => match steps.as_slice() {
                [Step::Route(group)] => Some(group),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Writes the file, in the order of `rules`: that in which Trino Gateway asks them. What the rules engine does not take is
/// refused as well.
pub(super) fn file(name: &str, mut rules: Vec<Rule>, mut notes: Vec<Finding>) -> Import {
    // Each round refuses a rule that was not refused before.
    loop {
        let lines = Writer::new(&rules).write(name);
        let source: String = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
        let compiled = RuleSet::compile(&[RuleFile { name: "rules.rhai".to_owned(), source: source.clone() }]);
        let mut changed = false;
        let mistakes = compiled.err().map(|errors| errors.0).unwrap_or_default();
        for error in mistakes.clone() {
            let owner = error.line.and_then(|line| lines.get(line.saturating_sub(1))).map(|(owner, _)| *owner);
            let Some(rule) = owner.and_then(|owner| rules.get_mut(owner)).filter(|rule| rule.body.is_ok()) else {
                continue;
            };
            let help = error.help.unwrap_or_else(|| "write the rule in Rhai".to_owned());
            rule.body = Err(Refusal::new(rule.gateway.line, error.message, help));
            changed = true;
        }
        if changed {
            continue;
        }
        let refused = rules.iter().filter_map(|rule| {
            let refusal = rule.body.as_ref().err()?;
            Some(finding(&rule.gateway, refusal.line, format!("{}; {}", refusal.what, refusal.help)))
        });
        let mut refused: Vec<Finding> = refused.collect();
        refused.extend(mistakes.into_iter().map(|mistake| Finding {
            line: 1,
            rule: String::new(),
            message: format!("Warren refuses the result: {mistake}"),
        }));
        refused.sort_by_key(|finding| finding.line);
        notes.extend(Writer::new(&rules).notes());
        notes.sort_by_key(|finding| finding.line);
        return Import { rhai: source, rules: rules.len(), refused, notes };
    }
}

struct Writer<'a> {
    rules: &'a [Rule],
    names: Vec<String>,
    /// Rules before this one never count: it is always true.
    first: usize,
    /// Rules that become one.
    block: Range<usize>,
}

impl<'a> Writer<'a> {
    fn new(rules: &'a [Rule]) -> Self {
        let block = block(rules);
        let always = |(i, rule): &(usize, &Rule)| rule.always().is_some() && !block.contains(i);
        let first = rules.iter().enumerate().filter(always).map(|(i, _)| i).max().unwrap_or(0);
        Writer { rules, names: names(rules), first, block }
    }

    /// Rules without effect.
    fn notes(&self) -> Vec<Finding> {
        let mut notes = Vec::new();
        for (i, rule) in self.rules.iter().enumerate().filter(|(_, rule)| rule.body.is_ok()) {
            let why = if i < self.first {
                self.overruled()
            } else if !self.block.contains(&i) && !routes(rule.steps()) {
                WITHOUT_EFFECT.to_owned()
            } else {
                continue;
            };
            notes.push(finding(&rule.gateway, rule.gateway.line, why));
        }
        notes
    }

    fn overruled(&self) -> String {
        let name = self.rules.get(self.first).map_or("", |rule| &rule.gateway.name);
        format!("never counts: `{name}` comes after it and is always true")
    }

    fn write(&self, name: &str) -> Lines {
        let mut lines = Vec::new();
        for line in [
            format!("// The rules of Trino Gateway's {}, by `warren rules import-mvel`.", printable(name)),
            "// There the last rule that is true wins, here the first: they stand in reverse.".to_owned(),
        ] {
            lines.push((usize::MAX, line));
        }
        let mut i = self.rules.len();
        while i > 0 {
            i -= 1;
            lines.push((i, String::new()));
            if i + 1 == self.block.end && i >= self.first {
                self.write_block(&mut lines);
                i = self.block.start;
            } else {
                self.write_rule(i, &mut lines);
            }
        }
        lines
    }

    /// A rule that stands alone.
    fn write_rule(&self, i: usize, lines: &mut Lines) {
        let Some((rule, name)) = self.rules.get(i).zip(self.names.get(i)) else { return };
        let body = match &rule.body {
            Err(refusal) => return comment(i, &not_translated(refusal), &rule.gateway, lines),
            Ok(_) if i < self.first => return comment(i, &self.overruled(), &rule.gateway, lines),
            Ok(body) if !routes(&body.steps) => return comment(i, WITHOUT_EFFECT, &rule.gateway, lines),
            Ok(body) => body,
        };
        let last =
            (0..i).all(|before| before < self.first || self.rules.get(before).is_some_and(|rule| rule.body.is_err()));
        if let (Some(group), true) = (rule.always(), last) {
            describe(i, &rule.gateway, None, lines);
            lines.push((i, format!("otherwise(route({group}));")));
            return;
        }
        describe(i, &rule.gateway, Some(name), lines);
        let head = format!("rule({}, |q| ", quoted(name));
        let decides = if body.conditions.is_empty() {
            gives(&body.steps)
        } else {
            conditional(&[(body.condition(), gives(&body.steps))], &[])
        };
        match decides.as_slice() {
            [one] => lines.push((i, format!("{head}{one});"))),
            [condition, one, end] if end == "}" && head.len() + condition.len() + one.len() < WIDTH => {
                lines.push((i, format!("{head}{condition} {} }});", one.trim())));
            }
            _ => {
                lines.push((i, format!("{head}{{")));
                let broken = decides.iter().flat_map(|line| broken(line, body));
                lines.extend(indented(broken).map(|line| (i, line)));
                lines.push((i, "});".to_owned()));
            }
        }
    }

    /// Several rules as one, in the order in which Trino Gateway asks them.
    fn write_block(&self, lines: &mut Lines) {
        let range = self.block.clone();
        let (start, end) = (range.start, range.end.saturating_sub(1));
        let name = match (self.names.get(start), self.names.get(end)) {
            (Some(one), Some(_)) if start == end => one.clone(),
            (Some(one), Some(other)) => shortened(&format!("{one}..{other}")),
            _ => return,
        };
        let block = self.rules.get(range).unwrap_or_default();
        let mut body = vec![(start, "let decision = ();".to_owned())];
        if block.iter().any(|rule| rule.meets_state) {
            body.push((start, "let state = #{};".to_owned()));
        }
        for ((i, rule), name) in (start..).zip(block).zip(self.names.iter().skip(start)) {
            if start != end {
                body.push((i, String::new()));
            }
            let translated = match &rule.body {
                Err(refusal) => {
                    comment(i, &not_translated(refusal), &rule.gateway, &mut body);
                    continue;
                }
                Ok(body) => body,
            };
            if start != end {
                body.push((i, format!("// {name}")));
            }
            describe(i, &rule.gateway, Some(name), &mut body);
            let steps = does(&translated.steps);
            let code = if translated.conditions.is_empty() {
                steps
            } else {
                conditional(&[(translated.condition(), steps)], &[])
            };
            body.extend(code.iter().flat_map(|line| broken(line, translated)).map(|line| (i, line)));
        }
        body.push((end, "decision".to_owned()));
        lines.push((start, format!("rule({}, |q| {{", quoted(&name))));
        lines.extend(body.into_iter().map(|(i, line)| (i, indent(line))));
        lines.push((start, "});".to_owned()));
    }
}

const WITHOUT_EFFECT: &str = "has no effect: it is never true, or writes no routing group";

fn not_translated(refusal: &Refusal) -> String {
    format!("NOT TRANSLATED: line {}: {}; {}", refusal.line, refusal.what, refusal.help)
}

/// Rules that must become one: from the first to the last that share `state`; from the very first if one may take back
/// what others wrote; and one that writes more than once.
fn block(rules: &[Rule]) -> Range<usize> {
    let needs = |(i, rule): (usize, &Rule)| {
        let together = rule.body.is_ok() && (rule.meets_state || !is_value(rule.steps(), i == 0));
        together.then_some((i, takes_back(rule.steps())))
    };
    let needing: Vec<(usize, bool)> = rules.iter().enumerate().filter_map(needs).collect();
    match (needing.first(), needing.last()) {
        (Some((first, _)), Some((last, _))) => {
            let first = if needing.iter().any(|(_, takes_back)| *takes_back) { 0 } else { *first };
            let block = first..last.saturating_add(1);
            let decides = rules.get(block.clone()).unwrap_or_default().iter().any(|rule| routes(rule.steps()));
            if decides { block } else { 0..0 }
        }
        _ => 0..0,
    }
}

/// A rule that is left as it was, as a comment.
fn comment(i: usize, why: &str, rule: &GatewayRule, lines: &mut Lines) {
    lines.push((i, format!("// {}", printable(why))));
    lines.extend(rule.source.lines().map(|line| (i, format!("//     {}", printable(line)).trim_end().to_owned())));
}

/// What people wrote about a rule.
fn describe(i: usize, rule: &GatewayRule, name: Option<&str>, lines: &mut Lines) {
    if name != Some(&rule.name) {
        lines.push((i, format!("// {}", printable(&rule.name))));
    }
    let words = rule.description.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.extend(words.map(|line| (i, format!("// {}", printable(line)))));
}

/// On one line.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Names as Warren's rules may have them, each once.
fn names(rules: &[Rule]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let allowed = |c: char| if c.is_ascii_alphanumeric() || " _.:-".contains(c) { c } else { '-' };
    rules
        .iter()
        .map(|rule| {
            let name: String = rule.gateway.name.trim().chars().map(allowed).collect();
            let name = if name.is_empty() { format!("line {}", rule.gateway.line) } else { shortened(&name) };
            let numbered = |n: usize| if n == 1 { name.clone() } else { format!("{} {n}", name.trim_end()) };
            let free = (1..).map(numbered).find(|name| !taken.contains(name)).unwrap_or_default();
            taken.insert(free.clone());
            free
        })
        .collect()
}

/// With room for a number behind it.
fn shortened(name: &str) -> String {
    name.chars().take(limits::RULE_NAME_CHARACTERS.saturating_sub(4)).collect::<String>().trim().to_owned()
}
