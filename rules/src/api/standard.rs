//! What scripts see of Rhai's own functions: the part that rules have use for.

use super::table::{Entry, function as f, method as e};
use super::types::Type;
use Type::{Any, Bool, Function, List, Map, Number, String as Text, Strings, Unit};

#[rustfmt::skip]
pub(super) const STANDARD: &[Entry] = &[
    e(Text, "len", &[], Number, "Number of characters.", r#""abc".len()"#),
    e(Text, "is_empty", &[], Bool, "Has it no characters?", r#""".is_empty()"#),
    e(Text, "contains", &[("text", Text)], Bool, "Is the text in it?", r#""abc".contains("b")"#),
    e(Text, "starts_with", &[("text", Text)], Bool, "Does it begin with the text?", r#""abc".starts_with("a")"#),
    e(Text, "ends_with", &[("text", Text)], Bool, "Does it end with the text?", r#""abc".ends_with("c")"#),
    e(Text, "index_of", &[("text", Text)], Number, "Where the text begins, or -1.", r#""abc".index_of("b")"#),
    e(Text, "sub_string", &[("start", Number)], Text, "From a character on.", r#""abc".sub_string(1)"#),
    e(Text, "sub_string", &[("start", Number), ("length", Number)], Text, "A part.", r#""abc".sub_string(1, 1)"#),
    e(Text, "split", &[("separator", Text)], Strings, "The parts between separators.", r#""a,b".split(",")"#),
    e(Text, "to_lower", &[], Text, "In lower case.", r#""ABC".to_lower()"#),
    e(Text, "to_upper", &[], Text, "In upper case.", r#""abc".to_upper()"#),
    e(Text, "to_string", &[], Text, "Itself.", r#""abc".to_string()"#),
    f("parse_int", &[("text", Text)], Number, "The number that the text says; fails if it says none.", r#"parse_int("42")"#),

    e(Number, "to_string", &[], Text, "As text.", "(42).to_string()"),
    f("min", &[("a", Number), ("b", Number)], Number, "The smaller one.", "min(1, 2)"),
    f("max", &[("a", Number), ("b", Number)], Number, "The larger one.", "max(1, 2)"),
    f("abs", &[("number", Number)], Number, "Without its sign.", "abs(-1)"),

    e(List, "is_empty", &[], Bool, "Has it no elements?", "[].is_empty()"),
    e(List, "contains", &[("value", Any)], Bool, "Is the value in it? As `value in list`.", "[1].contains(1)"),
    e(List, "index_of", &[("value", Any)], Number, "Where the value stands, or -1.", "[1].index_of(1)"),
    e(List, "some", &[("test", Function)], Bool, "Does any element pass the test?", r#"q.client_tags.some(|t| t.starts_with("x"))"#),
    e(List, "all", &[("test", Function)], Bool, "Do all elements pass the test?", r#"q.client_tags.all(|t| t.starts_with("x"))"#),
    e(List, "filter", &[("test", Function)], List, "The elements that pass the test.", r#"q.client_tags.filter(|t| t.starts_with("x"))"#),
    e(List, "map", &[("change", Function)], List, "The elements, each changed.", "q.client_tags.map(|t| t.to_upper())"),
    e(List, "find", &[("test", Function)], Any, "The first element that passes the test, or ().", "[1].find(|n| n > 0)"),
    e(List, "push", &[("value", Any)], Unit, "Adds an element at the end.", "{ let l = []; l.push(1); }"),

    e(Map, "is_empty", &[], Bool, "Has it no entries?", "#{}.is_empty()"),
    e(Map, "contains", &[("key", Text)], Bool, "Is there such a key? As `key in map`.", r#"#{a: 1}.contains("a")"#),
    e(Map, "keys", &[], Strings, "The keys.", "#{a: 1}.keys()"),
    e(Map, "values", &[], List, "The values.", "#{a: 1}.values()"),
];
