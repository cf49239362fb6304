//! What an expression of MVEL is in Rhai: its text, its type, and what would be null.

/// How tightly an expression holds together, the loosest first; what is looser than its place needs parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binding {
    Choice,
    Or,
    And,
    Comparison,
    Coalesce,
    Sum,
    Unary,
    Primary,
}

/// What MVEL would see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    /// `empty`.
    Empty,
    Flag,
    Number,
    Text,
    /// A set or list of texts.
    Texts,
    /// What `split` gives.
    Parts,
    /// A map that a rule put into `state`.
    Map,
    /// `java.util.Optional` of a text.
    Optional,
    /// `getTables()`: names as Trino's parser holds them, which no text equals.
    Tables,
    /// What was put into `state` as one thing here and as another there.
    Unknown,
    Request,
    User,
    Statement,
    State,
    Result,
}

#[derive(Clone, Debug)]
pub(super) struct Value {
    /// In Rhai.
    pub(super) text: String,
    pub(super) binding: Binding,
    pub(super) kind: Type,
    /// Its opposite, where there is a nicer one than `!(…)`.
    pub(super) opposite: Option<(String, Binding)>,
    /// A condition that tells that it is null (or an `Optional` empty); none if it never is.
    pub(super) null: Option<Box<Value>>,
    /// Methods can be called on it although it may be missing: headers are empty texts then, entries of `state` are `()`.
    pub(super) safe: bool,
    /// The text that it always is.
    pub(super) constant: Option<String>,
    /// It is a text and never an empty one.
    pub(super) solid: bool,
}

impl Type {
    /// As messages name it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Type::Null => "null",
            Type::Empty => "`empty`",
            Type::Flag => "true or false",
            Type::Number => "a number",
            Type::Text => "a text",
            Type::Texts => "a list",
            Type::Parts => "what `split` gives",
            Type::Map => "a map",
            Type::Optional => "an `Optional`",
            Type::Tables => "`getTables()`",
            Type::Unknown => "an entry of `state` that is not always of the same type",
            Type::Request => "`request`",
            Type::User => "`trinoRequestUser`",
            Type::Statement => "`trinoQueryProperties`",
            Type::State => "`state`",
            Type::Result => "`result`",
        }
    }
}

impl Value {
    pub(super) fn new(kind: Type, binding: Binding, text: impl Into<String>) -> Self {
        let text = text.into();
        Value { text, binding, kind, opposite: None, null: None, safe: true, constant: None, solid: false }
    }

    /// A name, a call, or what else needs no parentheses.
    pub(super) fn primary(kind: Type, text: impl Into<String>) -> Self {
        Value::new(kind, Binding::Primary, text)
    }

    pub(super) fn text(constant: &str) -> Self {
        let mut value = Value::primary(Type::Text, quoted(constant));
        value.constant = Some(constant.to_owned());
        value.solid = !constant.is_empty();
        value
    }

    pub(super) fn flag(constant: bool) -> Self {
        let mut value = Value::primary(Type::Flag, constant.to_string());
        value.opposite = Some(((!constant).to_string(), Binding::Primary));
        value
    }

    /// A comparison and its opposite.
    pub(super) fn comparison(left: &Value, operator: &str, right: &Value, opposite: &str) -> Self {
        let (left, right) = (left.at(Binding::Sum), right.at(Binding::Sum));
        let mut value = Value::new(Type::Flag, Binding::Comparison, format!("{left} {operator} {right}"));
        value.opposite = Some((format!("{left} {opposite} {right}"), Binding::Comparison));
        value
    }

    /// `left == right`; what is written out stands on the right.
    pub(super) fn equal(left: &Value, right: &Value) -> Self {
        let turn = left.constant.is_some() && right.constant.is_none();
        let (left, right) = if turn { (right, left) } else { (left, right) };
        Value::comparison(left, "==", right, "!=")
    }

    /// `needle in list`
    pub(super) fn is_in(needle: &Value, list: &Value) -> Self {
        let text = format!("{} in {}", needle.at(Binding::Sum), list.at(Binding::Sum));
        Value::new(Type::Flag, Binding::Comparison, text)
    }

    /// `owner.method(arguments)`
    pub(super) fn call(kind: Type, owner: &Value, method: &str, arguments: &[&Value]) -> Self {
        let arguments: Vec<&str> = arguments.iter().map(|argument| argument.text.as_str()).collect();
        Value::primary(kind, format!("{}.{method}({})", owner.at(Binding::Primary), arguments.join(", ")))
    }

    pub(super) fn and(self, other: &Value) -> Self {
        Value::new(Type::Flag, Binding::And, format!("{} && {}", self.at(Binding::And), other.at(Binding::And)))
    }

    pub(super) fn or(self, other: &Value) -> Self {
        Value::new(Type::Flag, Binding::Or, format!("{} || {}", self.at(Binding::Or), other.at(Binding::Or)))
    }

    /// The same, or another where a condition is true.
    pub(super) fn or_else(&self, missing: Value, other: &Value) -> Self {
        let text = format!("if {} {{ {} }} else {{ {} }}", missing.not().text, self.text, other.text);
        let mut value = Value::new(self.kind, Binding::Choice, text);
        value.solid = self.solid && other.solid;
        value
    }

    pub(super) fn not(self) -> Self {
        let opposite = self.opposite.clone();
        let (text, binding) = opposite.unwrap_or_else(|| (format!("!{}", self.at(Binding::Unary)), Binding::Unary));
        let mut value = Value::new(Type::Flag, binding, text);
        value.opposite = Some((self.text, self.binding));
        value
    }

    /// With a condition that tells that it is null.
    pub(super) fn null_if(mut self, null: Value) -> Self {
        self.null = Some(Box::new(null));
        self
    }

    pub(super) fn is_constant_flag(&self, flag: bool) -> bool {
        self.kind == Type::Flag && self.text == if flag { "true" } else { "false" }
    }

    /// In parentheses if its place needs more than it has.
    pub(super) fn at(&self, place: Binding) -> String {
        if self.binding < place { format!("({})", self.text) } else { self.text.clone() }
    }

    /// The same, so that a method can be called on it.
    pub(super) fn receiver(&self) -> Value {
        let missing = match self.kind {
            _ if self.safe => return self.clone(),
            Type::Text => "\"\"",
            Type::Map => "#{}",
            _ => "[]",
        };
        let mut value = Value::new(self.kind, Binding::Coalesce, format!("{} ?? {missing}", self.at(Binding::Sum)));
        value.null.clone_from(&self.null);
        value
    }
}

/// A text as Rhai writes it.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
