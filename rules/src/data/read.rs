//! Tables from CSV, JSON and TOML; time zones from the time zone database.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;
use serde_json::Value;

use super::{Cell, Column, Data, TABLES, Table, TimeZone};
use crate::error::RuleError;
use crate::ruleset::{CASES, RuleFile};
use crate::{limits, suggest};

/// What a table of JSON or TOML may be.
const FORMS: &str = "write `{\"key\": {\"column\": \"value\"}}`, `{\"key\": \"value\"}` or `[\"key\"]`";
/// 2020-01-01 and 2100-01-01: the changes of a time zone between them are known to the filter.
const YEARS: (i64, i64) = (1_577_836_800, 4_102_444_800);

impl Data {
    /// Reads the tables among the files of a rule set.
    pub(crate) fn read(files: &[RuleFile], errors: &mut Vec<RuleError>) -> Data {
        let mut data = Data::default();
        for file in files.iter().filter(|file| !file.is_script() && file.name != CASES) {
            let mut reader = Reader { file, table: Table::default(), errors: Vec::new() };
            reader.read();
            if reader.errors.is_empty() {
                let name = file.name.strip_prefix(TABLES).unwrap_or(&file.name);
                data.tables.insert(name.to_owned(), Rc::new(reader.table));
            }
            errors.extend(reader.errors);
        }
        data
    }
}

/// Reads one file; all its mistakes are told.
struct Reader<'a> {
    file: &'a RuleFile,
    table: Table,
    errors: Vec<RuleError>,
}

impl Reader<'_> {
    fn read(&mut self) {
        // Spreadsheets like to begin a file with a byte order mark; the reader of CSV knows it.
        let source = self.file.source.trim_start_matches('\u{feff}');
        match self.file.name.rsplit_once('.').map(|(_, kind)| kind) {
            Some("csv") => {
                if let Err(error) = self.csv() {
                    self.wrong(None, error.to_string(), "save it as CSV in UTF-8");
                }
            }
            Some("json") => match serde_json::from_str(source) {
                Ok(value) => self.tree(value),
                Err(error) => {
                    let text = error.to_string();
                    let what = text.split(" at line ").next().unwrap_or_default();
                    self.wrong(Some(error.line()), what, FORMS);
                }
            },
            Some("toml") => match toml::from_str(source) {
                Ok(value) => self.tree(value),
                Err(error) => self.wrong(line_of(source, error.span()), error.message().to_owned(), FORMS),
            },
            _ => self.wrong(None, "this is no table", "name it `.csv`, `.json` or `.toml`"),
        }
        let rows = self.table.rows.len();
        if rows > limits::TABLE_ROWS {
            let message = format!("{rows} rows; a table has {} at most", limits::TABLE_ROWS);
            self.wrong(None, message, "decide by a pattern, or by a client tag");
        }
    }

    fn wrong(&mut self, line: Option<usize>, message: impl Into<String>, help: &str) {
        let mut error = RuleError::new(&*self.file.name, message).help(help);
        error.line = line;
        self.errors.push(error);
    }

    /// The first line names the columns, the first column is the key.
    fn csv(&mut self) -> Result<(), csv::Error> {
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .comment(Some(b'#'))
            .flexible(true)
            .from_reader(self.file.source.as_bytes());
        let names: Vec<String> = reader.headers()?.iter().skip(1).map(str::to_owned).collect();
        for name in &names {
            if name.is_empty() {
                self.wrong(Some(1), "a column has no name", "the first line names the columns");
            } else if self.table.columns.insert(name.clone(), Column::String).is_some() {
                self.wrong(Some(1), format!("two columns are named `{name}`"), "rename one");
            }
        }
        for record in reader.records() {
            let record = record?;
            let line = record.position().and_then(|position| usize::try_from(position.line()).ok());
            let key = record.get(0).unwrap_or_default();
            if key.is_empty() {
                self.wrong(line, "the key is empty", "the first column is the key");
            }
            if record.len() > names.len() + 1 {
                let message = format!("{} columns; the first line names {}", record.len(), names.len() + 1);
                self.wrong(line, message, "name the column, or put a text with a comma between quotes");
            }
            let filled = names.iter().zip(record.iter().skip(1)).filter(|(_, cell)| !cell.is_empty());
            let row = filled.map(|(name, cell)| (name.clone(), Cell::String(cell.to_owned()))).collect();
            if self.table.rows.insert(key.to_owned(), row).is_some() {
                self.wrong(line, format!("`{key}` is there already"), "keep one of them");
            }
        }
        Ok(())
    }

    /// Rows by key, values by key, or keys alone.
    fn tree(&mut self, value: Value) {
        match value {
            Value::Array(keys) => {
                for key in keys {
                    match key {
                        Value::String(key) => drop(self.table.rows.insert(key, BTreeMap::new())),
                        other => self.wrong(None, format!("a key is a string, not {other}"), FORMS),
                    }
                }
            }
            Value::Object(rows) => {
                for (key, value) in rows {
                    let cells = match value {
                        Value::Object(cells) => cells,
                        single => serde_json::Map::from_iter([("value".to_owned(), single)]),
                    };
                    let row = self.row(&key, cells);
                    self.table.rows.insert(key, row);
                }
            }
            other => self.wrong(None, format!("{other} is no table"), FORMS),
        }
    }

    fn row(&mut self, key: &str, cells: serde_json::Map<String, Value>) -> BTreeMap<String, Cell> {
        let mut row = BTreeMap::new();
        for (name, value) in cells.into_iter().filter(|(_, value)| !value.is_null()) {
            let place = format!("`{key}`: `{name}`");
            let Some(cell) = cell(&value) else {
                let help = "a table holds strings, whole numbers, true, false and lists of strings";
                self.wrong(None, format!("{place} is {value}"), help);
                continue;
            };
            let kind = *self.table.columns.entry(name.clone()).or_insert(cell.column());
            if kind != cell.column() {
                let message = format!("{place} is {value}; others hold {}", words(kind));
                self.wrong(None, message, "let a column hold one type");
            }
            row.insert(name, cell);
        }
        row
    }
}

fn line_of(source: &str, span: Option<std::ops::Range<usize>>) -> Option<usize> {
    let before = source.get(..span?.start)?;
    Some(before.matches('\n').count() + 1)
}

fn cell(value: &Value) -> Option<Cell> {
    match value {
        Value::Bool(value) => Some(Cell::Bool(*value)),
        Value::Number(number) => number.as_i64().map(Cell::Number),
        Value::String(text) => Some(Cell::String(text.clone())),
        Value::Array(list) => {
            let texts: Option<Vec<String>> = list.iter().map(|text| text.as_str().map(str::to_owned)).collect();
            texts.map(Cell::Strings)
        }
        Value::Null | Value::Object(_) => None,
    }
}

fn words(column: Column) -> &'static str {
    match column {
        Column::String => "strings",
        Column::Number => "numbers",
        Column::Bool => "true or false",
        Column::Strings => "lists of strings",
    }
}

impl TimeZone {
    /// The zone of this name.
    ///
    /// # Errors
    /// What to do when there is none.
    pub(crate) fn find(name: &str) -> Result<TimeZone, String> {
        let zone = jiff::tz::db().get(name).map_err(|_| {
            let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            let city = name.replace(' ', "_");
            let is_city = |zone: &&str| zone.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(&city));
            let names = || names.iter().map(String::as_str);
            names().find(is_city).or_else(|| suggest::nearest(name, names())).map_or_else(
                || "write a name of the time zone database, such as `Europe/Berlin`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            )
        })?;
        let at = |seconds| Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut changes = vec![(YEARS.0, zone.to_offset(at(YEARS.0)).seconds())];
        let following =
            zone.following(at(YEARS.0)).map(|change| (change.timestamp().as_second(), change.offset().seconds()));
        changes.extend(following.take_while(|(since, _)| *since < YEARS.1));
        Ok(TimeZone { name: name.to_owned(), changes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, source: &str) -> Result<String, String> {
        let file = RuleFile { name: format!("{TABLES}{name}"), source: source.to_owned() };
        let mut errors = Vec::new();
        let data = Data::read(&[file], &mut errors);
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        data.tables.get(name).map(|table| serde_json::to_string(table).unwrap()).ok_or(texts.join("\n"))
    }

    #[test]
    fn the_formats_make_the_same_tables() {
        let teams = r#"{"columns":{"group":"string"},"rows":{"ann":{"group":"bi"},"bob":{}}}"#;
        let keys = r#"{"columns":{},"rows":{"ann":{},"bob":{}}}"#;
        let values = r#"{"columns":{"value":"string"},"rows":{"ann":{"value":"bi"}}}"#;
        for (name, source, want) in [
            ("t.csv", "user,group\nann , bi\n# nobody\nbob,\n", teams),
            ("t.csv", "user,group\nann,\"bi\"\nbob\n", teams),
            ("t.json", r#"{"ann": {"group": "bi"}, "bob": {"group": null}}"#, teams),
            ("t.toml", "ann = {group = \"bi\"}\n[bob]\n", teams),
            ("t.csv", "user\nann\nbob\n", keys),
            ("t.json", r#"["bob", "ann"]"#, keys),
            ("t.json", r#"{"ann": "bi"}"#, values),
            ("t.toml", "ann = \"bi\"", values),
        ] {
            assert_eq!(table(name, source).as_deref(), Ok(want), "{source}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_table() {
        for (name, source, want) in [
            ("t.csv", "user,group\nann,bi\nann,etl\n", "line 3: `ann` is there already; keep one of them"),
            (
                "t.csv",
                "user,a,a,\n,bi\nann,bi,x,y,z\n",
                "line 1: two columns are named `a`; rename one\n\
                 line 1: a column has no name; the first line names the columns\n\
                 line 2: the key is empty; the first column is the key\n\
                 line 3: 5 columns; the first line names 4; name the column, or put a text with a comma between quotes",
            ),
            ("t.json", "5", &format!("5 is no table; {FORMS}")),
            ("t.json", "[5]", &format!("a key is a string, not 5; {FORMS}")),
            ("t.json", "{", &format!("line 1: EOF while parsing an object; {FORMS}")),
            (
                "t.toml",
                "a = 1\nb = ",
                &format!("line 2: string values must be quoted, expected literal string; {FORMS}"),
            ),
            (
                "t.json",
                r#"{"ann": {"n": 1.5}}"#,
                "`ann`: `n` is 1.5; a table holds strings, whole numbers, true, false and lists of strings",
            ),
            (
                "t.json",
                r#"{"ann": {"n": 1}, "bob": {"n": "x"}}"#,
                "`bob`: `n` is \"x\"; others hold numbers; let a column hold one type",
            ),
            ("t.txt", "x", "this is no table; name it `.csv`, `.json` or `.toml`"),
        ] {
            assert_eq!(table(name, source), Err(want.to_owned()), "{source}");
        }
    }

    #[test]
    fn a_time_zone_knows_its_summers_until_2100() {
        let berlin = TimeZone::find("Europe/Berlin").unwrap();
        // 2026-03-29 01:00 UTC, and a second before; 2099-07-01.
        for (at, want) in [(1_774_746_000, 7_200), (1_774_745_999, 3_600), (4_086_547_200, 7_200)] {
            assert_eq!(berlin.offset(at), want, "{at}");
        }
        assert_eq!(TimeZone::find("Asia/Kolkata").unwrap().offset(1_774_746_000), 19_800);
        assert_eq!(TimeZone::find("Europe/Berln").unwrap_err(), "did you mean `Europe/Berlin`?");
    }
}
