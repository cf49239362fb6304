//! Files as editors and spreadsheets write them: byte order marks, line ends, tabs, spaces that are none.

use crate::common::{compile_files, decide, mistakes, outcome};

#[test]
fn reads_files_of_any_editor() {
    for source in [
        "\u{feff}rule(\"a\", |q| route(\"x\"));\n",
        "const A = \"x\";\r\nrule(\"a\", |q| {\r\n\troute(A)\r\n});\r\n",
        "rule(\"a\",\t|q|\troute(\"x\"));",
    ] {
        assert_eq!(mistakes(source), "", "{source:?}");
    }
    for (source, want) in [
        (
            "\u{feff}rule(\"a\", |q| q.usr);",
            "rule `a`: line 1, column 17: the query has no property `usr`; did you mean `user`?",
        ),
        (
            "// a\r\nrule(\"a\",\r\n\t|q| q.usr);\r\n",
            "rule `a`: line 3, column 8: the query has no property `usr`; did you mean `user`?",
        ),
        (
            "rule(\"a\",\u{a0}|q| route(\"x\"));",
            "rule `a`: line 1, column 10: the character U+00A0 cannot stand here; take it out; it may be invisible, or look like another",
        ),
    ] {
        assert_eq!(mistakes(source), want, "{source:?}");
    }
    for (name, source) in [
        ("tables/vips.csv", "\u{feff}user,group\r\nann,vip\r\n"),
        ("tables/vips.json", "\u{feff}{\"ann\": {\"group\": \"vip\"}}\r\n"),
        ("tables/vips.toml", "\u{feff}[ann]\r\ngroup = \"vip\"\r\n"),
    ] {
        let file = name.trim_start_matches("tables/");
        let rule = format!("const T = table(\"{file}\"); rule(\"a\", |q| route(T[q.user].group));");
        let rules = compile_files(&[("rules.rhai", &rule), (name, source)]).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(outcome(&decide(&rules)), "vip by a", "{name}");
    }
}
