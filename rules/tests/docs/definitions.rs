//! `docs/warren.d.rhai`, in the form that Rhai's language server reads (rhaiscript/lsp, `RhaiDef` in its `rhai.ungram`).

use warren_rules::api::{self, Entry, Type};

use crate::keep;

const HEAD: &str = "\
/// All that Warren's rules see, for editors. Made from the code: see docs/rules.md, \"In an editor\".
module static;
";

/// As Rhai's own definitions name it.
fn name(kind: Type) -> &'static str {
    match kind {
        Type::Any => "?",
        Type::Unit => "()",
        Type::Bool => "bool",
        Type::Number => "int",
        Type::String | Type::Literal => "String",
        Type::List | Type::Strings => "Array",
        Type::Map | Type::Texts => "Map",
        Type::Function => "FnPtr",
        Type::Range => "Range",
        Type::Table => "Table",
        Type::Row => "Row",
        Type::Query => "Query",
        Type::Sql => "Sql",
        Type::Group => "Group",
        Type::Route => "Route",
        Type::Denial => "Denial",
        Type::Addition => "Addition",
        Type::Decision => "Decision",
        other => panic!("{other:?} has no name for editors"),
    }
}

fn definition(entry: &Entry) -> String {
    let owner = entry.owner.map(|owner| ("self", owner));
    let parameters = entry.parameters.unwrap_or_default().iter().copied();
    let parameters: Vec<String> =
        owner.into_iter().chain(parameters).map(|(parameter, kind)| format!("{parameter}: {}", name(kind))).collect();
    let get = if entry.parameters.is_none() { "get " } else { "" };
    format!(
        "\n/// {}\n///\n/// ```rhai\n/// {}\n/// ```\nfn {get}{}({}) -> {};\n",
        entry.doc,
        entry.example,
        entry.name,
        parameters.join(", "),
        name(entry.returns)
    )
}

#[test]
fn definitions_for_editors_are_made_from_the_code() {
    let all: String = api::table().map(definition).collect();
    keep("warren.d.rhai", &format!("{HEAD}{all}"));
}
