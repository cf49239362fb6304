//! Every limit that a script runs under. Rhai's own defaults differ between debug and release builds, so none is left to it
//! (modules need no limit: Rhai is built without them).
//!
//! Envoy has no limit on the time a filter takes, and one worker serves many connections: these numbers are the only guard.
//! They allow rules of hundreds of lines and stop an endless loop within a few milliseconds.

/// Operations (roughly: expressions and statements) that one rule may take.
pub const OPERATIONS_PER_RULE: u64 = 10_000;
/// Operations that all rules of one decision may take together. Rules after it runs out are skipped.
pub const OPERATIONS_PER_DECISION: u64 = 20_000;
/// Bytes of text that `matches` reads for the price of one operation.
pub const BYTES_PER_OPERATION: usize = 256;
/// Depth of function calls. With the depth of expressions it bounds the stack: the worst of both takes less than 300 KB of
/// V8's 984 KB in WebAssembly (measured).
pub const CALL_LEVELS: usize = 8;
/// Depth of nested expressions in a rule or at the top level.
pub const EXPRESSION_DEPTH: usize = 64;
/// Depth of nested expressions in an `fn`.
pub const FUNCTION_EXPRESSION_DEPTH: usize = 64;
/// Bytes in one string, or in all strings of one list together. Above Trino's default `query.max-length` of a million.
pub const STRING_BYTES: usize = 1024 * 1024;
/// Bytes of `q.sql.text`. Rule sets that read it may hold strings of this length.
pub const TEXT_BYTES: usize = 8 * 1024 * 1024;
/// With a longer text an operation costs more, in steps of so many bytes: each may copy the whole of it.
pub const TEXT_BYTES_PER_PRICE: usize = 512 * 1024;
/// Elements of a list: room for a list of users in a constant.
pub const ARRAY_ELEMENTS: usize = 10_000;
/// Entries of a map. Rhai does not check it for `m[k] = v`: the operations bound that.
pub const MAP_ENTRIES: usize = 1_000;
/// Rows of a table. It is sent to every Envoy with the rules.
pub const TABLE_ROWS: usize = 20_000;
/// Variables alive at once, constants of the rule set among them.
pub const VARIABLES: usize = 256;
/// Functions of one file; each rule and each closure is one.
pub const FUNCTIONS: usize = 1_024;
/// Characters of a rule's name: it becomes part of a metric's name.
pub const RULE_NAME_CHARACTERS: usize = 64;
/// Characters of the reason why a rule failed: it is logged for each query, and a rule may throw any string.
pub const REASON_CHARACTERS: usize = 300;
/// Seconds for which a decision may let a result be answered again: a week.
pub const CACHE_SECONDS: u32 = 7 * 24 * 3_600;
/// Bytes of memory that one compiled regular expression may take.
pub const REGEX_BYTES: usize = 256 * 1024;
/// Distinct strings that Rhai keeps one copy of.
pub const INTERNED_STRINGS: usize = 256;
