//! A SQL condition written in YAML: parsed where it stands, so that its faults have their place.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, Function, UnaryOperator, Value, ValueWithSpan, visit_expressions,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use super::text::Checker;
use super::yaml::{Spanned, at};
use crate::names;

/// The columns of a client that a condition may name.
const CLIENT_COLUMNS: &[&str] = &[
    "client_key",
    "name",
    "tax_id",
    "region",
    "industry",
    "sales_type",
    "manager",
    "phone",
    "email",
    "one_off",
    "important",
    "potential",
    "created_on",
    "first_purchase",
    "last_purchase",
    "purchases",
    "cycle",
    "cycle_basis",
    "annual_value",
    "tier",
    "abc",
    "xyz",
    "margin",
    "days_late",
    "days_asleep",
];

/// The expression that `text` is; the parser's words where it is none.
///
/// # Errors
/// When it is no expression, or more than one.
pub fn parse(text: &str) -> Result<Expr, String> {
    let mut parser =
        Parser::new(&GenericDialect {}).try_with_sql(text).map_err(|error| error.to_string())?;
    let expression = parser.parse_expr().map_err(|error| error.to_string())?;
    match parser.peek_token().token {
        sqlparser::tokenizer::Token::EOF => Ok(expression),
        token => Err(format!("\"{token}\" stands after the condition")),
    }
}

/// Functions of one client's columns.
const FUNCTIONS: &[&str] = &["lower", "upper", "length", "coalesce"];

fn is_plain(function: &Function) -> bool {
    let name = function.name.to_string().to_lowercase();
    FUNCTIONS.contains(&name.as_str()) && function.over.is_none() && function.filter.is_none()
}

/// Whether an expression is true or false, as far as its form tells.
fn is_condition(expression: &Expr) -> bool {
    use BinaryOperator as Op;
    match expression {
        Expr::Nested(inner) => is_condition(inner),
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => is_condition(expr),
        Expr::BinaryOp { left, op: Op::And | Op::Or, right } => {
            is_condition(left) && is_condition(right)
        }
        Expr::BinaryOp { op, .. } => {
            matches!(op, Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq)
        }
        Expr::Identifier(name) => ["one_off", "important"].contains(&name.value.as_str()),
        Expr::Value(ValueWithSpan { value: Value::Boolean(_), .. })
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::InList { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::ILike { .. } => true,
        _ => false,
    }
}

/// Checks a condition on columns of a client; gives its text.
pub(super) fn on_clients(check: &mut Checker<'_>, written: &Spanned<String>) -> String {
    let expression = match parse(&written.value) {
        Ok(expression) => expression,
        Err(error) => {
            check.fault_hint(
                at(written),
                format!("\"{}\" is not a condition: {error}", written.value),
                "write as region = 'Kazan' and purchases > 2",
            );
            return "true".to_owned();
        }
    };
    if !is_condition(&expression) {
        check.fault_hint(
            at(written),
            format!("\"{}\" is a value, not a condition", written.value),
            "compare a column with something, as purchases > 2",
        );
    }
    let _: ControlFlow<()> = visit_expressions(&expression, |part| {
        match part {
            Expr::CompoundIdentifier(names) => {
                let name: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
                check.fault_hint(
                    at(written),
                    format!("\"{}\" is not a column of a client", name.join(".")),
                    "name the column alone",
                );
            }
            Expr::Value(ValueWithSpan { value: Value::Placeholder(name), .. }) => {
                check.fault_hint(
                    at(written),
                    format!("\"{name}\" is a parameter of models"),
                    "compare with a value",
                );
            }
            Expr::Function(function) if !is_plain(function) => {
                check.fault_hint(
                    at(written),
                    format!(
                        "function \"{}\" may not stand in a condition on a client",
                        function.name
                    ),
                    format!("use {}, or none", FUNCTIONS.join(", ")),
                );
            }
            Expr::Identifier(name) if !CLIENT_COLUMNS.contains(&name.value.as_str()) => {
                check.fault_hint(
                    at(written),
                    format!("\"{}\" is not a column of a client", name.value),
                    names::suggest(&name.value, CLIENT_COLUMNS.iter().copied()),
                );
            }
            Expr::Subquery(_) | Expr::InSubquery { .. } | Expr::Exists { .. } => {
                check.fault_hint(
                    at(written),
                    "a condition on clients reads nothing but their columns",
                    "take the subquery out",
                );
            }
            _ => {}
        }
        ControlFlow::Continue(())
    });
    written.value.clone()
}
