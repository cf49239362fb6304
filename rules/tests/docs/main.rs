//! `docs/rules.md` lists all that scripts see; the list is made from the table that the checker uses.

use std::fs;
use std::path::Path;

use warren_rules::api::{self, Entry};

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
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = format!("{before}{BEGIN}{}{END}{after}", reference());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    assert_eq!(page, wanted, "run `UPDATE=1 cargo test -p warren-rules --test docs`");
}
