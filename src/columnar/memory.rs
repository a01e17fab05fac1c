//! The memory of the queries: who may take how much of it.
//!
//! `DataFusion`'s own pool gives each of those who can spill an equal share, also the buffers of an
//! exchange. Each partition has such a buffer, and most hold nothing: with many partitions nobody gets
//! enough. Here exchanges may hold a quarter. Sorts and aggregations share the rest, and each may
//! take a sixteenth while it is free. Joins cannot spill: they may take all that is free.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use datafusion::common::resources_datafusion_err;
use datafusion::error::Result;
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};

/// How `DataFusion` names the buffers of an exchange.
const EXCHANGE: &str = "RepartitionExec";

/// What a consumer does when it finds no memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// It fails.
    Fixed,
    /// It writes what it holds to disk.
    Spills,
    /// It writes each batch to disk that finds no room.
    Exchanges,
}

fn manner(consumer: &MemoryConsumer) -> Manner {
    match (consumer.can_spill(), consumer.name().starts_with(EXCHANGE)) {
        (false, _) => Manner::Fixed,
        (true, false) => Manner::Spills,
        (true, true) => Manner::Exchanges,
    }
}

/// Bytes held by consumers of each manner.
#[derive(Debug, Default)]
struct Held {
    fixed: usize,
    spills: usize,
    exchanges: usize,
    /// How many consumers spill.
    spilling: usize,
}

impl Held {
    fn of(&mut self, manner: Manner) -> &mut usize {
        match manner {
            Manner::Fixed => &mut self.fixed,
            Manner::Spills => &mut self.spills,
            Manner::Exchanges => &mut self.exchanges,
        }
    }

    fn total(&self) -> usize {
        self.fixed + self.spills + self.exchanges
    }
}

/// Memory of so many bytes.
#[derive(Debug)]
pub(super) struct Memory {
    limit: usize,
    held: Mutex<Held>,
}

impl Memory {
    /// Memory of `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, held: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} MiB", self.limit >> 20)
    }
}

impl MemoryPool for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.held().spilling += usize::from(manner(consumer) == Manner::Spills);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.held().spilling -= usize::from(manner(consumer) == Manner::Spills);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        *self.held().of(manner(reservation.consumer())) += additional;
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        *self.held().of(manner(reservation.consumer())) -= shrink;
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let mut held = self.held();
        let manner = manner(reservation.consumer());
        let free = self.limit.saturating_sub(held.total());
        let quarter = self.limit / 4;
        let room = match manner {
            Manner::Fixed => free,
            Manner::Exchanges => free.min(quarter.saturating_sub(held.exchanges)),
            Manner::Spills => {
                let shared = (self.limit - quarter).saturating_sub(held.fixed);
                let share = (shared / held.spilling.max(1)).max(self.limit / 16);
                free.min(share.saturating_sub(reservation.size()))
            }
        };
        if additional > room {
            let (name, size) = (reservation.consumer().name(), reservation.size());
            return Err(resources_datafusion_err!(
                "{name} holds {size} bytes and wants {additional} more, of which {room} are free; \
                 of {self}, {} are held",
                held.total()
            ));
        }
        *held.of(manner) += additional;
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.held().total()
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.limit)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool};

    use super::Memory;

    #[test]
    fn buffers_of_exchanges_take_a_quarter_and_leave_sorts_their_share() {
        let pool: Arc<dyn MemoryPool> = Arc::new(Memory::new(1_000));
        let consumer =
            |name: &str, spills| MemoryConsumer::new(name).with_can_spill(spills).register(&pool);
        let exchanges: Vec<_> =
            (0..40).map(|number| consumer(&format!("RepartitionExec[{number}]"), true)).collect();
        let taken = exchanges.iter().filter(|buffer| buffer.try_grow(10).is_ok()).count();
        assert_eq!(taken, 25);
        // Of two that spill each may have half of what is neither theirs nor held by joins.
        let (sort, other) = (consumer("ExternalSorter[0]", true), consumer("other", true));
        let join = consumer("HashJoinInput", false);
        join.try_grow(150).unwrap();
        assert!(sort.try_grow(301).is_err());
        sort.try_grow(300).unwrap();
        drop(other);
        assert!(sort.try_grow(301).is_err());
        sort.try_grow(300).unwrap();
        // A join fails where nothing is free, and finds what others give back.
        let told = join.try_grow(1).unwrap_err().to_string();
        assert!(told.contains("HashJoinInput holds 150 bytes and wants 1 more"), "{told}");
        drop(exchanges);
        join.try_grow(250).unwrap();
        assert_eq!(pool.reserved(), 1_000);
        // Where joins hold more than the shared part, a sixteenth of what is free is left to each.
        sort.free();
        join.try_grow(500).unwrap();
        assert!(sort.try_grow(63).is_err());
        sort.try_grow(62).unwrap();
    }
}
