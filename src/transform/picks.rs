//! Models that only pick rows of others: views of them, once it is known which tables are empty.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::config::Project;
use crate::error::Result;

/// Whether an optimised plan only picks, filters and unites rows of scratch: to do so for each
/// reader costs less than to write them once more.
pub(super) fn only_picks(plan: &LogicalPlan, project: &Project) -> Result<bool> {
    let mut picks = true;
    plan.apply_with_subqueries(|node| {
        picks &= match node {
            LogicalPlan::TableScan(scan) => {
                let name = scan.table_name.table();
                let model = project.models.get(name);
                model.is_some_and(|model| model.layer == "intermediate")
                    && !project.contracts.contains_key(name)
            }
            LogicalPlan::Projection(_)
            | LogicalPlan::Filter(_)
            | LogicalPlan::Union(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::EmptyRelation(_) => true,
            _ => false,
        };
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                picks &= is_cheap(expression);
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        Ok(if picks { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    })?;
    Ok(picks)
}

/// Whether an expression costs next to nothing, its parts aside.
fn is_cheap(expression: &Expr) -> bool {
    matches!(
        expression,
        Expr::Column(_)
            | Expr::Alias(_)
            | Expr::Literal(..)
            | Expr::Cast(_)
            | Expr::Negative(_)
            | Expr::Not(_)
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::BinaryExpr(_)
    )
}
