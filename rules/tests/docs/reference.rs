use std::fs;

use warren_rules::api::{self, Entry};

use crate::{keep, page};

const BEGIN: &str = "<!-- reference -->\n";
const END: &str = "<!-- /reference -->";

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
fn the_reference_is_made_from_the_code() {
    let text = fs::read_to_string(page("rules.md")).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    keep("rules.md", &format!("{before}{BEGIN}{}{END}{after}", reference()));
}
