//! What a piece of MVEL says, as far as rules of Trino Gateway need it.

/// An expression, and the line of the piece that it begins in, from 0.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression {
    pub(super) line: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Text(String),
    Number(i64),
    Flag(bool),
    Null,
    /// `empty`: null, or without content.
    Empty,
    Name(String),
    /// `["a", "b"]`, `{"a", "b"}`.
    List(Vec<Expression>),
    /// `new HashSet()`.
    New(String, Vec<Expression>),
    /// `a.b`: in MVEL also a method without its parentheses.
    Property(Box<Expression>, String),
    Call(Box<Expression>, String, Vec<Expression>),
    Index(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    /// `a ? b : c`.
    Choice(Box<[Expression; 3]>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
    /// `~=`: the whole text matches.
    Matches,
    Add,
    Subtract,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Statement {
    Expression(Expression),
    /// `target = value`.
    Assignment(Expression, Expression),
    /// Conditions with their blocks, then the last `else`.
    If(Vec<(Expression, Vec<Statement>)>, Option<Vec<Statement>>),
}

/// Why a piece cannot be translated, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Line of the piece, from 0.
    pub(super) line: usize,
    pub(super) what: String,
    pub(super) help: String,
}

impl Refusal {
    pub(super) fn new(line: usize, what: impl Into<String>, help: impl Into<String>) -> Self {
        Refusal { line, what: what.into(), help: help.into() }
    }
}

/// A piece, or why not.
pub(super) type Translated<T> = Result<T, Refusal>;
