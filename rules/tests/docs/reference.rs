use std::fs;
use std::path::Path;

use warren_rules::api::{self, Entry};

use crate::{keep, page};

fn reference() -> String {
    let mut text = String::from("## Reference\n");
    let mut owners: Vec<Option<api::Type>> = Vec::new();
    for entry in api::table() {
        if !owners.contains(&entry.owner) {
            owners.push(entry.owner);
        }
    }
    for owner in owners {
        let title = match owner {
            None => "Functions".to_owned(),
            Some(api::Type::Route) => "Of `route(…)`".to_owned(),
            Some(api::Type::Denial) => "Of `deny(…)`".to_owned(),
            Some(owner) => format!("Of {}", owner.words()),
        };
        text += &format!("\n### {title}\n\n| write | gives | what it is |\n| --- | --- | --- |\n");
        for entry in api::table().filter(|entry| entry.owner == owner) {
            let Entry { doc, returns, .. } = entry;
            text += &format!("| `{}` | {} | {} |\n", entry.signature(), returns.words(), doc.replace('|', "\\|"));
        }
    }
    text
}

#[test]
fn the_reference_and_the_list_of_samples_are_made_from_the_code() {
    let text = fs::read_to_string(page("rules.md")).unwrap();
    let text = put(&text, ["<!-- reference -->\n", "<!-- /reference -->"], &reference());
    keep("rules.md", &put(&text, ["<!-- samples -->\n", "<!-- /samples -->"], &samples()));
}

/// The page with another text between two marks.
fn put(page: &str, [begin, end]: [&str; 2], text: &str) -> String {
    let (before, rest) = page.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    format!("{before}{begin}{text}{end}{after}")
}

/// Every sample with what its first lines say of it.
fn samples() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut names: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let mut list = String::from("| sample | what it is about |\n| --- | --- |\n");
    for name in names {
        let source = fs::read_to_string(folder.join(&name).join("rules.rhai")).unwrap();
        let about: Vec<&str> = source.lines().map_while(|line| line.strip_prefix("// ")).collect();
        assert!(!about.is_empty(), "{name} does not begin with what it is about");
        list += &format!("| [{name}](../rules/samples/{name}/rules.rhai) | {} |\n", about.join(" "));
    }
    list
}
