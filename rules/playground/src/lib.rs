//! The rules engine in a browser: a question goes in, an answer comes out, both JSON. All else is the page's.

mod answer;

use wasm_bindgen::prelude::wasm_bindgen;

pub use answer::{Answer, Question, answer};

/// Asks the rules. `question` is a [`Question`]; the answer is an [`Answer`], or `{"failed": "…"}` if it is none.
#[wasm_bindgen]
pub fn ask(question: &str) -> String {
    let answered =
        serde_json::from_str(question).and_then(|question: Question| serde_json::to_string(&answer(question)));
    answered.unwrap_or_else(|error| serde_json::json!({"failed": error.to_string()}).to_string())
}

/// What scripts see, as a list of `{"owner", "name", "signature", "returns", "doc"}`: for completion.
#[wasm_bindgen]
pub fn reference() -> String {
    let entries = warren_rules::api::table().map(|entry| {
        serde_json::json!({
            "owner": entry.owner.map(warren_rules::api::Type::words),
            "name": entry.name,
            "signature": entry.signature(),
            "returns": entry.returns.words(),
            "doc": entry.doc,
        })
    });
    serde_json::Value::from_iter(entries).to_string()
}
