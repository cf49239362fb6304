//! What has to be looked for in Rhai's syntax tree: closures, the variables that they take along, bodies of functions.

use rhai::{AST, ASTNode, Expr, FnPtr, ImmutableString, Module, ScriptFuncDef, Shared, Stmt};

use super::Function;

/// The closure that an expression makes: its function's name, and how many variables around it it takes along (they come
/// first in its parameters).
pub(crate) fn closure_of(expression: &Expr) -> Option<(ImmutableString, usize)> {
    match expression {
        Expr::DynamicConstant(value, _) => {
            let pointer = value.clone().try_cast::<FnPtr>()?;
            Some((pointer.fn_name().into(), 0))
        }
        // What Rhai's parser makes of a closure that takes variables along: share them, then curry the closure.
        Expr::Stmt(block) => match block.statements() {
            [Stmt::Share(_), Stmt::Expr(expression)] => match &**expression {
                Expr::FnCall(call, _) => {
                    let (closure, taken) = call.args.split_first()?;
                    closure_of(closure).map(|(name, _)| (name, taken.len()))
                }
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// Does a closure in these statements take a variable of such a name along?
pub(crate) fn shares(statements: &[Stmt], of_interest: impl Fn(&str) -> bool) -> bool {
    let mut found = false;
    AST::new(statements.to_vec(), Module::new()).walk(&mut |path| {
        if let Some(ASTNode::Stmt(Stmt::Share(names))) = path.last() {
            found |= names.iter().any(|(ident, _)| of_interest(&ident.name));
        }
        !found
    });
    found
}

/// Names of the variables that stand in functions.
pub(crate) fn variables(functions: &AST) -> Vec<ImmutableString> {
    let mut names = Vec::new();
    functions.walk(&mut |path| {
        if let Some(ASTNode::Expr(Expr::Variable(variable, ..))) = path.last()
            && !names.contains(&variable.1)
        {
            names.push(variable.1.clone());
        }
        true
    });
    names
}

/// Rhai shows the body of a function only to those who walk over it.
pub(super) fn function(definition: &Shared<ScriptFuncDef>) -> Function {
    let mut body = Vec::new();
    let alone = AST::new([], Module::from([definition.clone()]));
    alone.walk(&mut |path| {
        if let [ASTNode::Stmt(statement)] = path {
            body.push((*statement).clone());
        }
        true
    });
    Function {
        parameters: definition.params.iter().cloned().collect(),
        body,
        position: definition.body.start_position(),
    }
}
