//! Broken scripts: compiling and deciding end, one way or the other. Rhai's parser has `unreachable!` in it.

use crate::common::{Numbers, compile, decide};

const GOOD: &str = include_str!("../../samples/bi/rules.rhai");
const ROUNDS: usize = 2_000;

#[test]
fn broken_scripts_end() {
    let extra = "( ) { } [ ] | || && , ; . .. ?. ?[ ! - + = == => -> :: : # #{ ' \" ` ${ /* // $ @ 0 1 x q if else switch \
                 loop while do for in return throw try catch let const fn this is private import _ route deny rule";
    let tokens: Vec<&str> = GOOD.split_inclusive(|c: char| !c.is_alphanumeric()).chain(extra.split(' ')).collect();
    let good: Vec<&str> = GOOD.split_inclusive(|c: char| !c.is_alphanumeric()).collect();
    let mut numbers = Numbers(7);
    let mut compiled = 0;
    for _ in 0..ROUNDS {
        let mut script = good.clone();
        for _ in 0..=numbers.below(3) {
            let at = numbers.below(script.len());
            if script.is_empty() {
                break;
            }
            let token = tokens[numbers.below(tokens.len())];
            match numbers.below(4) {
                0 => drop(script.remove(at)),
                1 => script.insert(at, token),
                2 => script[at] = token,
                _ => script.truncate(at.max(1)),
            }
        }
        if let Ok(rules) = compile(&script.concat()) {
            decide(&rules);
            compiled += 1;
        }
    }
    assert!(compiled > 0);
}
