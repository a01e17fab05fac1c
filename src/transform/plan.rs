//! A model's SQL → a plan, or the fault with its place.

use std::ops::ControlFlow;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, LogicalPlan, Volatility};
use datafusion::prelude::{SQLOptions, SessionContext};
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast::{self, Spanned, visit_expressions};

use super::parameters::Parameters;
use crate::columnar::{MAX_EXPRESSION, too_deep};
use crate::config::{Fault, Model};
use crate::names;

/// A fault of `model` at a place.
fn fault(model: &Model, place: (usize, usize), message: impl Into<String>) -> Fault {
    Fault::new(&model.file, place, message).in_text(&model.sql)
}

fn number(value: u64) -> usize {
    usize::try_from(value).unwrap_or(0)
}

/// Parses the one query that a model is.
pub(super) fn parse(model: &Model) -> Result<Statement, Fault> {
    if let Some((line, column)) = too_deep(&model.sql) {
        let message = format!("an expression has more than {MAX_EXPRESSION} words and signs");
        return Err(fault(model, (number(line), number(column)), message)
            .hint("write long lists as \"in (…)\", or as a table under sql/reference to join"));
    }
    let mut statements =
        DFParser::parse_sql(&model.sql).map_err(|error| engine_fault(model, &error))?;
    match (statements.pop_front(), statements.is_empty()) {
        (Some(statement), true) => match &statement {
            Statement::Statement(inner) if matches!(**inner, ast::Statement::Query(_)) => {
                Ok(statement)
            }
            _ => Err(fault(model, (1, 1), "a model is one select, and nothing else")
                .hint("models cannot write, define or change anything: write a select")),
        },
        (None, _) => {
            Err(fault(model, (1, 1), "the file holds no statement").hint("write a select"))
        }
        (Some(_), false) => Err(fault(model, (1, 1), "the file holds more than one statement")
            .hint("give each select a file of its own")),
    }
}

/// Plans `model` in `session`, in which the tables it reads are registered.
pub(super) async fn plan(
    session: &SessionContext,
    model: &Model,
    parameters: &Parameters,
) -> Result<LogicalPlan, Fault> {
    let mut statement = parse(model)?;
    let Statement::Statement(inner) = &mut statement else {
        return Err(fault(model, (1, 1), "a model is one select"));
    };
    let original = inner.clone();
    if let Some((name, span)) = parameters.apply(inner) {
        let place = (number(span.start.line), number(span.start.column));
        let bare = name.trim_start_matches('$');
        return Err(fault(model, place, format!("parameter \"{name}\" is not known"))
            .hint(names::suggest(bare, parameters.names())));
    }
    let plan = session
        .state()
        .statement_to_plan(statement)
        .await
        .map_err(|error| engine_fault(model, &error))?;
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
        .verify_plan(&plan)
        .map_err(|error| engine_fault(model, &error))?;
    refuse_unrepeatable(model, &original, &plan)?;
    Ok(plan)
}

/// `plan` with the types that `DataFusion` gives its columns before it executes it.
pub(super) fn analysed(
    session: &SessionContext,
    model: &Model,
    plan: LogicalPlan,
) -> Result<LogicalPlan, Fault> {
    let state = session.state();
    let analysed = state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {});
    analysed.map_err(|error| engine_fault(model, &error))
}

/// Turns `DataFusion`'s error into a fault, with the place where it gives one.
fn engine_fault(model: &Model, error: &DataFusionError) -> Fault {
    let root = error.find_root();
    let mut place = (0, 0);
    let mut message = root.strip_backtrace();
    if let Some(diagnostic) = error.diagnostic() {
        message.clone_from(&diagnostic.message);
        if let Some(span) = diagnostic.span {
            place = (number(span.start.line), number(span.start.column));
        }
    } else if let Some((before, after)) = message.clone().rsplit_once(" at Line: ") {
        let mut parts = after.split(", Column: ");
        let mut next =
            || parts.next().and_then(|text| text.trim_matches(['"', ')', ' ']).parse().ok());
        if let (Some(line), Some(column)) = (next(), next()) {
            place = (line, column);
            before.clone_into(&mut message);
        }
    }
    for prefix in ["Error during planning: ", "SQL error: ", "Schema error: "] {
        message = message.trim_start_matches(prefix).to_owned();
    }
    let message = message.trim_start_matches("ParserError(\"").to_owned();
    let fault = fault(model, place, format!("model \"{}\": {message}", model.name));
    match known_names(root) {
        Some((wrong, known)) => {
            fault.hint(names::suggest(&wrong, known.iter().map(String::as_str)))
        }
        None => fault,
    }
}

/// The unknown column and the known ones, where the error is about that.
fn known_names(root: &DataFusionError) -> Option<(String, Vec<String>)> {
    use datafusion::common::SchemaError;
    let DataFusionError::SchemaError(error, _) = root else {
        return None;
    };
    let SchemaError::FieldNotFound { field, valid_fields } = error.as_ref() else {
        return None;
    };
    let known = valid_fields.iter().map(|column| column.name.clone()).collect();
    Some((field.name.clone(), known))
}

/// Refuses what could give other rows on another day, machine or number of cores.
fn refuse_unrepeatable(
    model: &Model,
    statement: &ast::Statement,
    plan: &LogicalPlan,
) -> Result<(), Fault> {
    let mut bad: Option<(String, String)> = None;
    let visited = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Limit(limit) = node
            && !matches!(*limit.input, LogicalPlan::Sort(_))
        {
            bad = Some((
                "limit".to_owned(),
                "\"limit\" without \"order by\" takes any rows".to_owned(),
            ));
            return Ok(TreeNodeRecursion::Stop);
        }
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                let found = unrepeatable(expression);
                let stop = found.is_some();
                bad = bad.take().or(found);
                Ok(if stop { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })
    });
    if let Err(error) = visited {
        return Err(engine_fault(model, &error));
    }
    let Some((name, message)) = bad else {
        return Ok(());
    };
    let mut place = (0, 0);
    let _ = visit_expressions(statement, |expression| {
        if let ast::Expr::Function(function) = expression
            && function.name.to_string().to_lowercase() == name
        {
            let start = function.name.span().start;
            place = (number(start.line), number(start.column));
            return ControlFlow::Break(());
        }
        ControlFlow::<()>::Continue(())
    });
    Err(fault(model, place, format!("model \"{}\": {message}", model.name))
        .hint("use $as_of for the day, and an \"order by\" where order decides"))
}

/// The function and what is wrong with it, where it is not a function of its rows.
fn unrepeatable(expression: &Expr) -> Option<(String, String)> {
    let volatile = |name: &str, volatility: Volatility| {
        (volatility != Volatility::Immutable).then(|| {
            (name.to_owned(), format!("function \"{name}\" does not give the same on every run"))
        })
    };
    match expression {
        Expr::ScalarFunction(function) => {
            volatile(function.func.name(), function.func.signature().volatility)
        }
        Expr::AggregateFunction(function) => {
            let name = function.func.name();
            let ordered = !function.params.order_by.is_empty();
            aggregate(name, ordered)
                .or_else(|| volatile(name, function.func.signature().volatility))
        }
        Expr::WindowFunction(function) => {
            let name = function.fun.to_string();
            let ordered = !function.params.order_by.is_empty();
            ranking(&name, ordered)
                .or_else(|| aggregate(&name, ordered))
                .or_else(|| volatile(&name, function.fun.signature().volatility))
        }
        _ => None,
    }
}

const NEED_ORDER: [&str; 5] = ["first_value", "last_value", "nth_value", "array_agg", "string_agg"];

const RANKING: [&str; 8] =
    ["row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead"];

fn ranking(name: &str, ordered: bool) -> Option<(String, String)> {
    (RANKING.contains(&name) && !ordered).then(|| {
        (
            name.to_owned(),
            format!("window function \"{name}\" without \"order by\" takes any order"),
        )
    })
}

fn aggregate(name: &str, ordered: bool) -> Option<(String, String)> {
    if name.starts_with("approx_") {
        return Some((
            name.to_owned(),
            format!("function \"{name}\" gives a guess that depends on cores"),
        ));
    }
    (NEED_ORDER.contains(&name) && !ordered).then(|| {
        (name.to_owned(), format!("function \"{name}\" without \"order by\" takes any order"))
    })
}
