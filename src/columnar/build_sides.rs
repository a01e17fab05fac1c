//! A rule of the optimizer: hash joins are built on the side with fewer rows.
//!
//! `DataFusion` chooses by statistics, and those end at the first join or filter whose columns are
//! not counted. Rows of scratch and of files are known exactly, and our joins follow keys: an
//! outer join gives about as many rows as the side it keeps, an inner one at most as many as its
//! larger side. That tells a few thousand from millions.

use std::sync::Arc;

use datafusion::common::JoinType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::physical_plan::union::UnionExec;

/// A side of up to so many rows is built once for all partitions of the other.
const BROADCAST_ROWS: usize = 100_000;

/// Builds hash joins on the side with fewer rows.
#[derive(Debug)]
pub(super) struct BuildSides;

/// About how many rows a plan gives; `None` where nothing tells.
fn rows(plan: &Arc<dyn ExecutionPlan>) -> Option<usize> {
    let children = plan.children();
    if children.is_empty() {
        let known = StatisticsContext::new().compute(plan.as_ref(), &StatisticsArgs::new()).ok()?;
        return known.num_rows.get_value().copied();
    }
    if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
        let (left, right) = (rows(join.left()), rows(join.right()));
        return match join.join_type() {
            JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => left,
            JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
                right
            }
            _ => Some(left?.max(right?)),
        };
    }
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>()
        && aggregate.group_expr().is_empty()
    {
        return Some(1);
    }
    let each = children.into_iter().map(rows);
    if plan.downcast_ref::<UnionExec>().is_some() {
        return each.sum();
    }
    each.collect::<Option<Vec<usize>>>()?.into_iter().max()
}

fn swapped(plan: Arc<dyn ExecutionPlan>) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
    let Some(join) = plan.downcast_ref::<HashJoinExec>() else {
        return Ok(Transformed::no(plan));
    };
    let (Some(left), Some(right)) = (rows(join.left()), rows(join.right())) else {
        return Ok(Transformed::no(plan));
    };
    if left <= right || !join.join_type().supports_swap() || join.null_aware {
        return Ok(Transformed::no(plan));
    }
    let one_build = matches!(
        join.join_type().swap(),
        JoinType::Inner | JoinType::Right | JoinType::RightSemi | JoinType::RightAnti
    );
    let mode = if right <= BROADCAST_ROWS && one_build {
        PartitionMode::CollectLeft
    } else {
        PartitionMode::Partitioned
    };
    Ok(Transformed::yes(join.swap_inputs(mode)?))
}

impl PhysicalOptimizerRule for BuildSides {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(swapped).data()
    }

    fn name(&self) -> &'static str {
        "build_sides"
    }

    fn schema_check(&self) -> bool {
        true
    }
}
