//! Rows that a thread of their own reads ahead, while others work on those before.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

use super::{BadBytes, Guess, Merge, Reader};
use crate::pull::value::Rows;

/// Chunks that wait at most.
const CHUNKS: usize = 2;

/// The rows of a reader, in their order.
pub(super) struct Ahead {
    columns: Option<Vec<String>>,
    /// What was read; nothing once it is to end.
    chunks: Option<Receiver<Result<Rows, BadBytes>>>,
    /// Takes chunks back that were used.
    used: Sender<Rows>,
    rows: Rows,
    thread: Option<JoinHandle<Box<dyn Reader>>>,
    /// The reader, once it was read to its end.
    reader: Option<Box<dyn Reader>>,
    /// Why it cannot be read on.
    failed: Option<BadBytes>,
}

impl Ahead {
    /// Begins to read `reader`.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub(super) fn new(reader: Box<dyn Reader>) -> std::io::Result<Self> {
        let columns = reader.columns().map(<[String]>::to_vec);
        let (chunks, given) = sync_channel(CHUNKS);
        let (used, free) = channel();
        let read = move || read_all(reader, &chunks, &free);
        let thread = Some(Builder::new().name("reader".to_owned()).spawn(read)?);
        let (chunks, rows) = (Some(given), Rows::default());
        Ok(Self { columns, chunks, used, rows, thread, reader: None, failed: None })
    }

    /// Waits until the thread has left the reader.
    fn end(&mut self) {
        self.chunks = None;
        if let Some(thread) = self.thread.take() {
            match thread.join() {
                Ok(reader) => self.reader = Some(reader),
                Err(panic) if !std::thread::panicking() => resume_unwind(panic),
                Err(_) => {}
            }
        }
    }
}

/// Gives the rows chunk by chunk, until they end or nobody takes them.
fn read_all(
    mut reader: Box<dyn Reader>,
    chunks: &SyncSender<Result<Rows, BadBytes>>,
    free: &Receiver<Rows>,
) -> Box<dyn Reader> {
    loop {
        let next = match reader.next_rows() {
            Ok(None) => return reader,
            // A row goes on.
            Ok(Some(rows)) if rows.complete == 0 => continue,
            Ok(Some(rows)) => {
                let mut chunk = free.try_recv().unwrap_or_default();
                chunk.copy(rows);
                Ok(chunk)
            }
            Err(bad) => Err(bad),
        };
        let failed = next.is_err();
        if chunks.send(next).is_err() || failed {
            return reader;
        }
    }
}

impl Reader for Ahead {
    fn columns(&self) -> Option<&[String]> {
        self.columns.as_deref()
    }

    fn next_rows(&mut self) -> Result<Option<&Rows>, BadBytes> {
        let Some(next) = self.chunks.as_ref().and_then(|chunks| chunks.recv().ok()) else {
            self.end();
            return self.failed.clone().map_or(Ok(None), Err);
        };
        match next {
            Ok(rows) => {
                let _ = self.used.send(std::mem::replace(&mut self.rows, rows));
                Ok(Some(&self.rows))
            }
            Err(bad) => {
                self.failed = Some(bad.clone());
                Err(bad)
            }
        }
    }

    fn merges(&self) -> &[Merge] {
        self.reader.as_ref().map_or(&[], |reader| reader.merges())
    }

    fn summary_below(&self) -> bool {
        self.reader.as_ref().is_some_and(|reader| reader.summary_below())
    }

    fn unseen(&self) -> Vec<&str> {
        self.reader.as_ref().map_or_else(Vec::new, |reader| reader.unseen())
    }

    fn recognised(&self) -> u64 {
        self.reader.as_ref().map_or(0, |reader| reader.recognised())
    }

    fn charset(&self) -> Option<Guess> {
        self.reader.as_ref().and_then(|reader| reader.charset())
    }

    fn notes(&self) -> Vec<String> {
        self.reader.as_ref().map_or_else(Vec::new, |reader| reader.notes())
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.end();
    }
}
