//! A rule of the optimizer: what lies by one of its keys is joined and grouped in place.
//!
//! `DataFusion` lets rows lie by some of the keys where they are grouped, but sorts both sides of a
//! join anew by all of its keys. Equal keys are equal in each part: rows that lie by one column lie
//! right for a join by it and others, if both sides lie so.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;

use datafusion::physical_expr::{Partitioning, PhysicalExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::execution_plan::{InvariantLevel, replace_children_if_necessary};
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

/// Leaves rows where they lie.
#[derive(Debug)]
pub(super) struct InPlace;

type Plan = Arc<dyn ExecutionPlan>;
type Key = Arc<dyn PhysicalExpr>;

/// The keys by whose hash an exchange sorts its rows into parts, and what is beneath it.
fn exchange(plan: &Plan) -> Option<(&[Key], &Plan)> {
    let exchange = plan.downcast_ref::<RepartitionExec>()?;
    match exchange.partitioning() {
        Partitioning::Hash(keys, _) if !exchange.preserve_order() => Some((keys, exchange.input())),
        _ => None,
    }
}

/// Whether the rows of `plan` lie in so many parts by the hash of `key`, or what equals it, alone.
fn lies_by(plan: &Plan, key: &Key, parts: usize) -> bool {
    let equal = plan.equivalence_properties().eq_group();
    let same = |only: &Key| {
        equal.normalize_expr(Arc::clone(only)) == equal.normalize_expr(Arc::clone(key))
    };
    match plan.output_partitioning() {
        Partitioning::Hash(keys, count) => {
            *count == parts && matches!(keys.as_slice(), [only] if same(only))
        }
        _ => false,
    }
}

/// Both sides of a join by the first pair of its keys by which one of them lies already.
fn joined(join: &HashJoinExec) -> Result<Option<Vec<Plan>>> {
    let sides = [join.left(), join.right()];
    if *join.partition_mode() != PartitionMode::Partitioned || join.null_aware {
        return Ok(None);
    }
    let parts = sides[0].output_partitioning().partition_count();
    let beneath = sides.map(|side| exchange(side).map_or(side, |(_, input)| input));
    let pairs = join.on().iter().map(|(left, right)| [left, right]);
    let mut pairs = pairs.map(|keys| [0, 1].map(|side| (beneath[side], keys[side])));
    let Some(pair) = pairs.find(|pair| pair.iter().any(|(plan, key)| lies_by(plan, key, parts)))
    else {
        return Ok(None);
    };
    let laid = pair.iter().map(|(plan, key)| -> Result<Plan> {
        if lies_by(plan, key, parts) {
            return Ok(Arc::clone(plan));
        }
        let keys = Partitioning::Hash(vec![Arc::clone(key)], parts);
        Ok(Arc::new(RepartitionExec::try_new(Arc::clone(plan), keys)?))
    });
    laid.collect::<Result<Vec<Plan>>>().map(Some)
}

fn in_place(plan: Plan) -> Result<Transformed<Plan>> {
    let children = if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
        joined(join)?
    } else {
        let aggregate = plan.downcast_ref::<AggregateExec>();
        let groups = aggregate.is_some_and(|it| *it.mode() == AggregateMode::FinalPartitioned);
        let child = (groups || plan.is::<SortExec>()).then(|| Arc::clone(plan.children()[0]));
        child.as_ref().and_then(exchange).and_then(|(keys, input)| {
            let parts = plan.children()[0].output_partitioning().partition_count();
            let lies = keys.iter().any(|key| lies_by(input, key, parts));
            lies.then(|| vec![Arc::clone(input)])
        })
    };
    match children {
        Some(children) => Ok(Transformed::yes(replace_children_if_necessary(plan, children)?)),
        None => Ok(Transformed::no(plan)),
    }
}

impl PhysicalOptimizerRule for InPlace {
    fn optimize(&self, plan: Plan, _: &ConfigOptions) -> Result<Plan> {
        let changed = Arc::clone(&plan).transform_up(in_place).data()?;
        // What stands above may have counted on how rows lay beneath it: then they stay so.
        let stands = changed.apply(|node| {
            node.check_invariants(InvariantLevel::Executable)?;
            Ok(TreeNodeRecursion::Continue)
        });
        Ok(if stands.is_ok() { changed } else { plan })
    }

    fn name(&self) -> &'static str {
        "in_place"
    }

    fn schema_check(&self) -> bool {
        true
    }
}
