//! Does a store honour conditional writes? Heads are safe only on one that does.
//!
//! Some servers accept `If-None-Match` and `If-Match` and ignore them; others check and write in
//! two steps, so that several writers win. One object, `_probe`, is kept for finding out. Others
//! may probe at the same time: nothing here takes their writes for a fault of the store.

use futures::future::join_all;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore, PutMode, UpdateVersion};

use super::Place;
use crate::error::{Error, Kind, Result};
use crate::layout::PROBE;

/// Updates sent at once, of which one may win.
const WRITERS: usize = 16;

/// Rounds of such updates in which nobody won, because others probed too, before giving up.
const MAX_VOID_ROUNDS: usize = 8;

/// Times that one request is sent again because nobody knows what came of it.
const MAX_LOST_REPLIES: usize = 2;

/// How much is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Whether both conditions are honoured.
    Conditions,
    /// Also, in so many rounds, whether of 16 concurrent updates exactly one wins.
    Race(usize),
}

/// Asks the store of `place`; `token` makes what is written here unlike what others write.
///
/// # Errors
/// A declaration error that names the store and the condition that it ignored.
pub async fn probe(place: &Place, token: &str, depth: Depth) -> Result<()> {
    let store = place.store.as_ref();
    let path = Path::from(PROBE);
    let at = |error: StoreError| Error::from(error).at(format!("store {place}"));
    let stale = put(store, &path, format!("{token} 1"), PutMode::Overwrite).await.map_err(at)?;
    put(store, &path, format!("{token} 2"), PutMode::Overwrite).await.map_err(at)?;
    match put(store, &path, format!("{token} create"), PutMode::Create).await {
        Ok(_) => return Err(ignores(place, "If-None-Match: * (create only if absent)")),
        Err(error) if refused(&error) => {}
        Err(error) => return Err(at(error)),
    }
    match put(store, &path, format!("{token} stale"), PutMode::Update(stale)).await {
        Ok(_) => return Err(ignores(place, "If-Match (replace only that version)")),
        Err(error) if refused(&error) => {}
        Err(error) => return Err(at(error)),
    }
    let Depth::Race(rounds) = depth else { return Ok(()) };
    let (mut round, mut void) = (0, 0);
    while round < rounds {
        let text = format!("{token} race {round} {void}");
        let current = put(store, &path, text.clone(), PutMode::Overwrite).await.map_err(at)?;
        let updates = (0..WRITERS).map(|writer| {
            let mode = PutMode::Update(current.clone());
            put(store, &path, format!("{text} {writer}"), mode)
        });
        let results = join_all(updates).await;
        match results.iter().filter(|result| result.is_ok()).count() {
            1 => round += 1,
            // Another probe wrote in between, or the winner's reply was lost.
            0 if void < MAX_VOID_ROUNDS => void += 1,
            0 => {
                let last = results.into_iter().find_map(std::result::Result::err);
                let message = format!("store {place}: no update of \"{PROBE}\" came through");
                let error = Error::new(Kind::Transient, message).hint("try again");
                return Err(match last {
                    Some(last) => error.because(last),
                    None => error,
                });
            }
            winners => {
                return Err(ignores(
                    place,
                    &format!(
                        "If-Match when writers meet: {winners} of {WRITERS} concurrent updates won"
                    ),
                ));
            }
        }
    }
    Ok(())
}

/// Whether the error says that a condition did not hold.
fn refused(error: &StoreError) -> bool {
    matches!(error, StoreError::AlreadyExists { .. } | StoreError::Precondition { .. })
}

async fn put(
    store: &dyn ObjectStore,
    path: &Path,
    text: String,
    mode: PutMode,
) -> Result<UpdateVersion, StoreError> {
    let mut tries = 0;
    loop {
        match store.put_opts(path, text.clone().into(), mode.clone().into()).await {
            Ok(done) => return Ok(UpdateVersion { e_tag: done.e_tag, version: done.version }),
            // A lost reply: sent again, the same request is answered in the same way.
            Err(StoreError::Generic { .. }) if tries < MAX_LOST_REPLIES => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

fn ignores(place: &Place, condition: &str) -> Error {
    Error::new(Kind::Declaration, format!("store {place} ignores the condition {condition}")).hint(
        "a head there could be lost between two runs: use a store that honours conditional \
         writes, as Amazon S3, Google Cloud Storage, Azure Blob Storage, SeaweedFS",
    )
}
