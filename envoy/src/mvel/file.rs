//! Trino Gateway's rule file: YAML, one document a rule (`io.trino.gateway.ha.router.MVELRoutingRule`).

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

use super::syntax::Refusal;

/// A rule as the file has it.
#[derive(Clone, Debug)]
pub(super) struct GatewayRule {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) priority: i64,
    pub(super) condition: Piece,
    pub(super) actions: Vec<Piece>,
    /// Line of the file, from 1.
    pub(super) line: usize,
    /// Its lines in the file.
    pub(super) source: String,
    /// Why it is none.
    pub(super) refusal: Option<Refusal>,
}

/// A piece of MVEL, and the line of the file that each of its lines is in.
#[derive(Clone, Debug, Default)]
pub(super) struct Piece {
    pub(super) text: String,
    lines: Vec<usize>,
}

impl Piece {
    /// Line of the file that a line of the piece is in.
    pub(super) fn line(&self, line: usize) -> usize {
        self.lines.get(line).or(self.lines.last()).copied().unwrap_or_default()
    }

    /// YAML folds lines and takes quotes away, so lines are looked for.
    fn new(text: String, first: usize, file: &[&str]) -> Self {
        let mut at = first;
        let mut lines = Vec::new();
        for line in text.lines() {
            let holds = |number: &usize| {
                file.get(number.saturating_sub(1))
                    .is_some_and(|found| !line.trim().is_empty() && found.contains(line.trim()))
            };
            at = (at..at.saturating_add(3)).find(holds).unwrap_or(at);
            lines.push(at);
        }
        Piece { text, lines: if lines.is_empty() { vec![first] } else { lines } }
    }
}

/// The rules of a file, in its order.
///
/// # Errors
/// When it is not YAML: line, from 1, and what is wrong.
pub(super) fn read(text: &str) -> Result<Vec<GatewayRule>, (usize, String)> {
    let documents =
        MarkedYaml::load_from_str(text).map_err(|error| (error.marker().line(), error.info().to_owned()))?;
    let lines: Vec<&str> = text.lines().collect();
    Ok(documents.iter().filter_map(|document| rule(document, &lines)).collect())
}

/// Nothing for a document without content.
fn rule(document: &MarkedYaml<'_>, file: &[&str]) -> Option<GatewayRule> {
    let line = document.span.start.line();
    let begins = line.saturating_sub(1);
    let source = file.iter().skip(begins).take_while(|line| !line.starts_with("---") && !line.starts_with("..."));
    let mut rule = GatewayRule {
        name: String::new(),
        description: String::new(),
        priority: 0,
        condition: Piece::default(),
        actions: Vec::new(),
        line,
        source: source.copied().collect::<Vec<_>>().join("\n").trim_end().to_owned(),
        refusal: None,
    };
    let fields = match &document.data {
        YamlData::Value(Scalar::Null) => return None,
        YamlData::Mapping(fields) => fields,
        _ => {
            let help = "write one rule a document, with `---` between";
            rule.refusal = Some(Refusal::new(line, "this document is no rule", help));
            return Some(rule);
        }
    };
    let mut wrong = Vec::new();
    for (key, value) in fields {
        let (name, at) = (scalar(key).unwrap_or_default(), key.span.start.line());
        if let Err((what, help)) = rule.set(&name, value, file) {
            wrong.push(Refusal::new(at, what, help));
        }
    }
    let has = |name: &str| fields.iter().any(|(key, _)| scalar(key).as_deref() == Some(name));
    // What is missing matters only where nothing else is wrong.
    let missing = ["name", "condition", "actions"].into_iter().filter(|name| wrong.is_empty() && !has(name));
    for name in missing.collect::<Vec<_>>() {
        wrong.push(Refusal::new(line, format!("it has no `{name}`"), "Trino Gateway fails every query here: add it"));
    }
    rule.refusal = wrong.into_iter().min_by_key(|refusal| refusal.line);
    Some(rule)
}

impl GatewayRule {
    fn set(&mut self, name: &str, value: &MarkedYaml<'_>, file: &[&str]) -> Result<(), (String, &'static str)> {
        let piece = |value: &MarkedYaml<'_>| scalar(value).map(|text| Piece::new(text, value.span.start.line(), file));
        let must = |what: &str| (format!("its `{name}` is no {what}"), "Trino Gateway fails every query here");
        match name {
            "name" => self.name = scalar(value).ok_or_else(|| must("text"))?,
            "description" => self.description = scalar(value).unwrap_or_default(),
            "priority" => {
                // What is behind a point is cut off.
                let number = scalar(value).map(|text| text.split('.').next().unwrap_or_default().trim().parse());
                self.priority = match (number, &value.data) {
                    (Some(Ok(number)), _) => number,
                    (_, YamlData::Value(Scalar::Null)) => 0,
                    _ => return Err(must("whole number")),
                };
            }
            "condition" => self.condition = piece(value).ok_or_else(|| must("text"))?,
            "actions" => {
                let YamlData::Sequence(actions) = &value.data else { return Err(must("list")) };
                self.actions = actions
                    .iter()
                    .map(|action| piece(action).ok_or_else(|| must("list of texts")))
                    .collect::<Result<_, _>>()?;
            }
            "compositeRuleType" | "composingRules" => {
                let help = "Trino Gateway has none since 14: write each of `composingRules` as a rule of its own";
                return Err(("composite rules have no counterpart".to_owned(), help));
            }
            _ => {
                return Err((
                    format!("`{name}` is no field of a rule"),
                    "Trino Gateway fails every query here: take it out",
                ));
            }
        }
        Ok(())
    }
}

fn scalar(node: &MarkedYaml<'_>) -> Option<String> {
    match &node.data {
        YamlData::Value(Scalar::String(text)) => Some(text.to_string()),
        YamlData::Value(Scalar::Integer(number)) => Some(number.to_string()),
        YamlData::Value(Scalar::Boolean(flag)) => Some(flag.to_string()),
        YamlData::Value(Scalar::FloatingPoint(number)) => Some(number.to_string()),
        _ => None,
    }
}
