//! MVEL's grammar, as far as rules of Trino Gateway use it (MVEL 2.5.2, which Trino Gateway 21 has).
//!
//! MVEL reads `a == b contains c` as `(a == b) contains c`, and drops what it does not understand: such pieces are refused
//! rather than guessed at.

use super::cursor::Parser;
use super::syntax::{Expression, Kind, Operator, Refusal, Statement, Translated};
use super::tokens::Token;

/// Words that begin what has no counterpart, and what to do instead.
const STATEMENTS: &[(&str, &str)] = &[
    ("foreach", "write `list.some(|x| …)` in the rule's condition"),
    ("for", "write `list.some(|x| …)` in the rule's condition"),
    ("while", "write the cases out"),
    ("do", "write the cases out"),
    ("until", "write the cases out"),
    ("switch", "write it as `if … else if … else …`"),
    ("with", "write each call out"),
    ("def", "write an `fn` in Rhai, and call it"),
    ("function", "write an `fn` in Rhai, and call it"),
    ("proto", "write an `fn` in Rhai, and call it"),
    ("import", "write what is used with its whole name"),
    ("import_static", "write what is used with its whole name"),
    ("var", "Trino Gateway lets rules set no variables: write the value where it is used, or `state.put(…)`"),
    ("assert", "take it out"),
    ("return", "write the value alone"),
];

/// Operators that have no counterpart, and what to do instead.
const OPERATORS: &[(&str, &str)] = &[
    ("in", "write `[…] contains …`"),
    ("is", "take it out: types are known in rules"),
    ("instanceof", "take it out: types are known in rules"),
    ("strsim", "compare with `==` or `~=`"),
    ("soundslike", "compare with `==` or `~=`"),
    ("convertable_to", "compare with `~=`"),
    ("and", "write `&&`"),
    ("or", "write `||`"),
    ("=~", "MVEL writes `~=`"),
    ("%", "a share of the users is `q.bucket(q.user, 100) < 5`"),
    ("*", "MVEL gets `a + b * c` wrong: compute with `+` and `-`"),
    ("/", "compute with `+` and `-`"),
];

/// A condition: one expression.
pub(super) fn condition(source: &str) -> Translated<Expression> {
    let mut parser = Parser::new(source)?;
    parser.skip_word("return");
    let expression = parser.expression()?;
    if parser.at("=") {
        let what = "a condition sets nothing: Trino Gateway fails every query here";
        return Err(Refusal::new(expression.line, what, "compare with `==`"));
    }
    while parser.skip(";") {}
    parser.end()?;
    Ok(expression)
}

/// An action: statements.
pub(super) fn action(source: &str) -> Translated<Vec<Statement>> {
    let mut parser = Parser::new(source)?;
    parser.skip_word("return");
    let statements = parser.statements()?;
    parser.end()?;
    Ok(statements)
}

impl Parser {
    fn statements(&mut self) -> Translated<Vec<Statement>> {
        let mut statements = Vec::new();
        loop {
            while self.skip(";") {}
            if self.peek().is_none() || self.at("}") {
                return Ok(statements);
            }
            let statement = self.deeper(Self::statement)?;
            let block = matches!(statement, Statement::If(..));
            statements.push(statement);
            if !block && !self.at(";") && !self.at("}") && self.peek().is_some() {
                return Err(self.unexpected("write `;` between two statements: Trino Gateway runs the first one only"));
            }
        }
    }

    fn statement(&mut self) -> Translated<Statement> {
        if let Some(Token::Word(word)) = self.peek() {
            if word == "if" {
                return self.conditional();
            }
            if let Some((word, help)) = STATEMENTS.iter().find(|(known, _)| known == word) {
                return Err(Refusal::new(self.next_line(), format!("`{word}` has no counterpart"), *help));
            }
        }
        let target = self.expression()?;
        if self.skip("=") {
            return Ok(Statement::Assignment(target, self.expression()?));
        }
        Ok(Statement::Expression(target))
    }

    /// `if (…) … else if (…) … else …`
    fn conditional(&mut self) -> Translated<Statement> {
        let mut cases = Vec::new();
        while self.skip_word("if") {
            self.expect("(")?;
            let condition = self.expression()?;
            self.expect(")")?;
            cases.push((condition, self.block()?));
            if !self.skip_word("else") {
                return Ok(Statement::If(cases, None));
            }
        }
        Ok(Statement::If(cases, Some(self.block()?)))
    }

    fn block(&mut self) -> Translated<Vec<Statement>> {
        if !self.skip("{") {
            let statement = self.deeper(Self::statement)?;
            self.skip(";");
            return Ok(vec![statement]);
        }
        let statements = self.deeper(Self::statements)?;
        self.expect("}")?;
        Ok(statements)
    }

    fn expression(&mut self) -> Translated<Expression> {
        self.deeper(|parser| {
            let condition = parser.any_of()?;
            if !parser.skip("?") {
                return Ok(condition);
            }
            let yes = parser.expression()?;
            parser.expect(":")?;
            let no = parser.expression()?;
            let line = condition.line;
            Ok(Expression { line, kind: Kind::Choice(Box::new([condition, yes, no])) })
        })
    }

    fn any_of(&mut self) -> Translated<Expression> {
        let mut left = self.all_of()?;
        while self.skip("||") {
            self.link()?;
            left = binary(Operator::Or, left, self.all_of()?);
        }
        Ok(left)
    }

    fn all_of(&mut self) -> Translated<Expression> {
        let mut left = self.comparison()?;
        while self.skip("&&") {
            self.link()?;
            left = binary(Operator::And, left, self.comparison()?);
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Translated<Expression> {
        let negated = self.at("!");
        let left = self.sum()?;
        let Some(operator) = self.comparing()? else { return Ok(left) };
        if negated {
            let what = "`!` stands before the first value alone";
            return Err(Refusal::new(left.line, what, "write parentheses around all that it is about"));
        }
        // These two take the next value alone.
        let right = match operator {
            Operator::Contains | Operator::Matches => self.unary()?,
            _ => self.sum()?,
        };
        if self.comparing()?.is_some() {
            let what = "there are two comparisons without `&&` between";
            return Err(Refusal::new(left.line, what, "write parentheses around the first"));
        }
        Ok(binary(operator, left, right))
    }

    fn comparing(&mut self) -> Translated<Option<Operator>> {
        let operator = match self.peek() {
            Some(Token::Sign(sign)) => match *sign {
                "==" => Operator::Equal,
                "!=" => Operator::NotEqual,
                "<" => Operator::Less,
                "<=" => Operator::LessOrEqual,
                ">" => Operator::Greater,
                ">=" => Operator::GreaterOrEqual,
                "~=" => Operator::Matches,
                sign => return self.refuse_operator(sign),
            },
            Some(Token::Word(word)) if word == "contains" => Operator::Contains,
            Some(Token::Word(word)) => {
                let word = word.clone();
                return self.refuse_operator(&word);
            }
            _ => return Ok(None),
        };
        self.advance();
        Ok(Some(operator))
    }

    fn refuse_operator(&mut self, operator: &str) -> Translated<Option<Operator>> {
        match OPERATORS.iter().find(|(known, _)| *known == operator) {
            Some((known, help)) => Err(Refusal::new(self.next_line(), format!("`{known}` has no counterpart"), *help)),
            None => Ok(None),
        }
    }

    fn sum(&mut self) -> Translated<Expression> {
        let mut left = self.unary()?;
        loop {
            let operator = match self.peek() {
                Some(Token::Sign("+")) => Operator::Add,
                Some(Token::Sign("-")) => Operator::Subtract,
                _ => return Ok(left),
            };
            self.advance();
            self.link()?;
            left = binary(operator, left, self.unary()?);
        }
    }

    fn unary(&mut self) -> Translated<Expression> {
        let line = self.next_line();
        if self.skip("!") {
            let inner = self.deeper(Self::unary)?;
            return Ok(Expression { line, kind: Kind::Not(Box::new(inner)) });
        }
        let mut value = self.primary()?;
        loop {
            let kind = if self.skip(".") {
                // `a.?b`: passes over null, as rules do anyway.
                self.skip("?");
                let name = self.word()?;
                let owner = Box::new(value);
                if self.skip("(") { Kind::Call(owner, name, self.list(")")?) } else { Kind::Property(owner, name) }
            } else if self.skip("[") {
                let index = self.expression()?;
                self.expect("]")?;
                Kind::Index(Box::new(value), Box::new(index))
            } else {
                return Ok(value);
            };
            self.link()?;
            value = Expression { line, kind };
        }
    }

    fn primary(&mut self) -> Translated<Expression> {
        let line = self.next_line();
        let kind = match self.peek() {
            Some(Token::Text(text)) => Kind::Text(text.clone()),
            Some(Token::Number(number)) => Kind::Number(*number),
            Some(Token::Word(word)) => match word.as_str() {
                "true" => Kind::Flag(true),
                "false" => Kind::Flag(false),
                "null" | "nil" => Kind::Null,
                "empty" => Kind::Empty,
                "new" => return self.new_object(),
                name => Kind::Name(name.to_owned()),
            },
            Some(Token::Sign("(")) => {
                self.advance();
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            Some(Token::Sign(open @ ("[" | "{"))) => {
                let close = if *open == "[" { "]" } else { "}" };
                self.advance();
                let elements = self.list(close)?;
                return Ok(Expression { line, kind: Kind::List(elements) });
            }
            _ => return Err(self.unexpected("write a value there")),
        };
        self.advance();
        match &kind {
            Kind::Name(name) if self.at("(") => {
                Err(Refusal::new(line, format!("`{name}(…)` has no counterpart"), "write an `fn` in Rhai, and call it"))
            }
            _ => Ok(Expression { line, kind }),
        }
    }

    /// `new java.util.HashSet()`
    fn new_object(&mut self) -> Translated<Expression> {
        let line = self.next_line();
        self.advance();
        let mut class = self.word()?;
        while self.skip(".") {
            class = self.word()?;
        }
        self.expect("(")?;
        let arguments = self.list(")")?;
        Ok(Expression { line, kind: Kind::New(class, arguments) })
    }

    /// Expressions with commas between, and the sign that ends them.
    fn list(&mut self, close: &str) -> Translated<Vec<Expression>> {
        let mut elements = Vec::new();
        while !self.skip(close) {
            if !elements.is_empty() {
                self.expect(",")?;
            }
            elements.push(self.expression()?);
        }
        Ok(elements)
    }
}

fn binary(operator: Operator, left: Expression, right: Expression) -> Expression {
    Expression { line: left.line, kind: Kind::Binary(operator, Box::new(left), Box::new(right)) }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
