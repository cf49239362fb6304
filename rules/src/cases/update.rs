//! Writes what was decided into the cases that expected something else; all else in the file stays as its author wrote it.

use std::io;

use serde::{Deserialize, Serialize};
use serde_json::ser::Formatter;
use serde_json::value::RawValue;
use serde_json::{Map, Serializer, Value};

use super::{CaseResult, Report};

/// Where the parts of a case stand in the text.
#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    name: &'a RawValue,
    #[serde(borrow, default)]
    query: Option<&'a RawValue>,
    #[serde(borrow, default)]
    expect: Option<&'a RawValue>,
}

/// The text of `cases.json` with what the report found.
///
/// # Errors
///
/// When the text is not the one that the report is about.
pub fn update(text: &str, report: &Report) -> Result<String, serde_json::Error> {
    let written: Vec<Written<'_>> = serde_json::from_str(text)?;
    let mut updated = text.to_owned();
    // From the end, so that what comes before stays where it is.
    for (case, result) in written.iter().zip(&report.cases).rev().filter(|(_, result)| !result.passed) {
        let expect = one_line(&expect(case, result))?;
        match case.expect {
            Some(old) => updated.replace_range(span(text, old), &expect),
            None => {
                let after = span(text, case.query.unwrap_or(case.name)).end;
                updated.insert_str(after, &format!(",\n    \"expect\": {expect}"));
            }
        }
    }
    Ok(updated)
}

/// The fields that the case had, as they are now.
fn expect(case: &Written<'_>, result: &CaseResult) -> Map<String, Value> {
    let old: Option<Map<String, Value>> = case.expect.and_then(|old| serde_json::from_str(old.get()).ok());
    let mut expect = old.unwrap_or_default();
    for difference in &result.differences {
        expect.insert(difference.field.clone(), difference.found.clone());
    }
    expect
}

fn span(text: &str, part: &RawValue) -> std::ops::Range<usize> {
    let start = part.get().as_ptr() as usize - text.as_ptr() as usize;
    start..start + part.get().len()
}

/// `{"groups": ["etl"], "rule": "jobs"}`.
fn one_line(value: &Map<String, Value>) -> Result<String, serde_json::Error> {
    let mut written = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut written, Spaced))?;
    Ok(String::from_utf8_lossy(&written).into_owned())
}

struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}
