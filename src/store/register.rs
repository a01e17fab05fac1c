//! One small object that changes by compare-and-swap: a head, a lease, a journal.
//!
//! Keeps true: an update is made of what stands, or not at all. What came of a put is told apart:
//! *done*; a *conflict*, when another writer was there, which alone is tried again; a *failure*,
//! which is reported with the store and the object; and an *unknown outcome*, when neither the put
//! nor a look at the object was answered. The reply to a put may be the echo of our own, sent twice:
//! only the object, read again, tells.

use std::marker::PhantomData;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStoreExt, PutMode, PutPayload, UpdateVersion};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Place;
use crate::error::{Error, Kind, Result};

/// Times that an update is made again because another writer was faster.
const MAX_CONFLICTS: usize = 64;

/// Times that creating an object may be refused where there is none: others may remove it meanwhile.
const MAX_PHANTOMS: usize = 8;

/// Times that a put is sent again whose first sending never arrived.
const MAX_LOST: usize = 2;

/// What came of a conditional put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swapped {
    /// The object holds what we put.
    Done,
    /// Another writer was there.
    Conflict,
}

/// What an update makes of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit<T, A> {
    /// It becomes this; the answer is given once it has.
    Write(T, A),
    /// It stays as it is.
    Leave(A),
}

/// One object that holds a `T` as JSON.
#[derive(Debug, Clone)]
pub struct Register<T> {
    place: Place,
    path: Path,
    value: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned + PartialEq + Clone> Register<T> {
    /// The register at `path` of `place`.
    #[must_use]
    pub fn new(place: &Place, path: Path) -> Self {
        Self { place: place.clone(), path, value: PhantomData }
    }

    /// The value; `None` where there is none yet.
    ///
    /// # Errors
    /// When the store fails, or the object holds something else.
    pub async fn read(&self) -> Result<Option<T>> {
        Ok(self.versioned().await?.map(|(value, _)| value))
    }

    /// Puts what `edit` says in place of an object that cannot be read; gives its answer.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn replace<A>(&self, edit: Edit<T, A>) -> Result<A> {
        match edit {
            Edit::Leave(answer) => Ok(answer),
            Edit::Write(new, answer) => {
                let put = self.place.store.put(&self.path, serde_json::to_vec(&new)?.into()).await;
                put.map(|_| answer).map_err(|error| self.place.failed(&self.path, error))
            }
        }
    }

    async fn versioned(&self) -> Result<Option<(T, UpdateVersion)>> {
        let Some((bytes, version)) = read(&self.place, &self.path).await? else { return Ok(None) };
        let value = serde_json::from_slice(&bytes)
            .map_err(|error| Error::from(error).at(self.place.object(&self.path)))?;
        Ok(Some((value, version)))
    }

    /// Makes of the value what `edit` says, and gives its answer.
    ///
    /// `edit` is asked again each time that another writer was faster, so it must know its own
    /// work: what it wrote may stand already, beneath what others wrote since.
    ///
    /// # Errors
    /// What `edit` refuses; when the store fails, or nobody knows what came of it; when others are
    /// faster again and again.
    pub async fn update<A, F>(&self, mut edit: impl FnMut(Option<T>) -> F) -> Result<A>
    where
        F: Future<Output = Result<Edit<T, A>>>,
    {
        let mut phantoms = 0;
        for _ in 0..MAX_CONFLICTS {
            let (value, version) = self.versioned().await?.unzip();
            let (new, answer) = match edit(value.clone()).await? {
                Edit::Leave(answer) => return Ok(answer),
                Edit::Write(new, answer) => (new, answer),
            };
            if value.as_ref() == Some(&new) {
                return Ok(answer);
            }
            let bytes = Bytes::from(serde_json::to_vec(&new)?);
            if swap(&self.place, &self.path, bytes, version).await? == Swapped::Done {
                return Ok(answer);
            }
            // What was refused may have been the second copy of what was done.
            let found = self.read().await?;
            if found.as_ref() == Some(&new) {
                return Ok(answer);
            }
            phantoms += usize::from(value.is_none() && found.is_none());
            if phantoms > MAX_PHANTOMS {
                let object = self.place.object(&self.path);
                let message = format!("{object}: the name is taken, though no object is there");
                return Err(Error::new(Kind::Transient, message)
                    .hint("look what lies there, as a folder of that name, and move it away"));
            }
        }
        let object = self.place.object(&self.path);
        Err(Error::new(
            Kind::Transient,
            format!("{object}: changed by others {MAX_CONFLICTS} times while it was to be changed"),
        )
        .hint("try again when fewer runs are at work"))
    }
}

/// The bytes at `path` and their version; `None` where there are none.
///
/// # Errors
/// When the store fails.
async fn read(place: &Place, path: &Path) -> Result<Option<(Bytes, UpdateVersion)>> {
    let found = match place.store.get(path).await {
        Ok(found) => found,
        Err(StoreError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(place.failed(path, error)),
    };
    let version =
        UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
    let bytes = found.bytes().await.map_err(|error| place.failed(path, error))?;
    Ok(Some((bytes, version)))
}

/// Puts `bytes` at `path` where the object still has the version `expected`, or still is not.
///
/// # Errors
/// When the store fails, or nobody knows what came of it.
pub async fn swap(
    place: &Place,
    path: &Path,
    bytes: Bytes,
    expected: Option<UpdateVersion>,
) -> Result<Swapped> {
    let mode = || expected.clone().map_or(PutMode::Create, PutMode::Update);
    let mut lost = 0;
    loop {
        let payload = PutPayload::from(bytes.clone());
        let error = match place.store.put_opts(path, payload, mode().into()).await {
            Ok(_) => return Ok(Swapped::Done),
            Err(StoreError::Precondition { .. } | StoreError::AlreadyExists { .. }) => {
                return Ok(Swapped::Conflict);
            }
            Err(error) => error,
        };
        let Ok(found) = read(place, path).await else {
            return Err(Error::new(
                Kind::Transient,
                format!("{}: whether it was changed is unknown", place.object(path)),
            )
            .hint("nothing was deleted; run again, it will find out")
            .because(error));
        };
        match found {
            Some((found, _)) if found == bytes => return Ok(Swapped::Done),
            found if !is_version(found.as_ref().map(|(_, version)| version), expected.as_ref()) => {
                return Ok(Swapped::Conflict);
            }
            // A store over a network does not send a conditional request again whose reply was lost.
            _ if !place.local && lost < MAX_LOST && matches!(error, StoreError::Generic { .. }) => {
                lost += 1;
            }
            _ => return Err(place.failed(path, error)),
        }
    }
}

/// Whether the version that was found is the expected one: none is, where none is expected.
fn is_version(found: Option<&UpdateVersion>, expected: Option<&UpdateVersion>) -> bool {
    match (found, expected) {
        (Some(found), Some(expected)) => {
            found.e_tag == expected.e_tag && found.version == expected.version
        }
        (found, expected) => found.is_none() && expected.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use object_store::memory::InMemory;
    use object_store::path::Path;
    use object_store::{ObjectStore, ObjectStoreExt};

    use super::{Edit, Register};
    use crate::error::Result;
    use crate::store::{Fault, FaultStore, Place};

    const PATH: &str = "count.json";

    /// A register of a number in a store disturbed by `plan`.
    fn count(
        inner: &Arc<InMemory>,
        plan: impl FnMut(&str, &Path) -> Fault + Send + 'static,
    ) -> Register<u32> {
        let inner: Arc<dyn ObjectStore> = Arc::<InMemory>::clone(inner);
        Register::new(&Place::of(FaultStore::new(inner, plan), "lake"), Path::from(PATH))
    }

    /// Adds one; gives what was there before.
    async fn add(register: &Register<u32>) -> Result<u32> {
        let added = |found: Option<u32>| {
            let before = found.unwrap_or(0);
            std::future::ready(Ok(Edit::Write(before + 1, before)))
        };
        register.update(added).await
    }

    /// Disturbs the puts of these numbers, from 1.
    fn puts(faults: &'static [(usize, Fault)]) -> impl FnMut(&str, &Path) -> Fault + Send {
        let mut number = 0;
        move |verb, _| {
            number += usize::from(verb == "put");
            let fault = faults.iter().find(|(which, _)| verb == "put" && *which == number);
            fault.map_or(Fault::None, |(_, fault)| *fault)
        }
    }

    #[tokio::test]
    async fn what_is_left_is_not_written() {
        let register = count(&Arc::default(), |_, _| Fault::None);
        let left = |found: Option<u32>| std::future::ready(Ok(Edit::Leave(found)));
        assert_eq!(register.update(left).await.unwrap(), None);
        assert_eq!(register.read().await.unwrap(), None);
        assert_eq!(add(&register).await.unwrap(), 0);
        assert_eq!(register.update(left).await.unwrap(), Some(1));
    }

    #[tokio::test]
    async fn a_lost_reply_is_recognised_as_done() {
        let register = count(&Arc::default(), puts(&[(1, Fault::After), (2, Fault::After)]));
        assert_eq!(add(&register).await.unwrap(), 0);
        assert_eq!(add(&register).await.unwrap(), 1);
        assert_eq!(register.read().await.unwrap(), Some(2));
    }

    #[tokio::test]
    async fn a_failure_is_told_with_store_and_object_and_not_tried_again() {
        let tries = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&tries);
        let register = count(&Arc::default(), move |verb, _| {
            let fails = verb == "put";
            counter.fetch_add(usize::from(fails), Ordering::Relaxed);
            if fails { Fault::Before } else { Fault::None }
        });
        let error = add(&register).await.unwrap_err();
        assert_eq!(error.message, "\"count.json\" of \"lake\": the store failed");
        assert_eq!(tries.load(Ordering::Relaxed), 1);
        assert_eq!(register.read().await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_nobody_can_know_is_said_to_be_unknown() {
        let mut put = false;
        let register = count(&Arc::default(), move |verb, _| {
            let lost = if put { Fault::Before } else { Fault::None };
            put |= verb == "put";
            if verb == "put" { Fault::After } else { lost }
        });
        let error = add(&register).await.unwrap_err();
        assert!(error.message.contains("whether it was changed is unknown"), "{error}");
    }

    #[tokio::test]
    async fn a_conflict_is_tried_again_on_what_the_other_wrote() {
        let inner: Arc<InMemory> = Arc::default();
        let other = count(&inner, |_, _| Fault::None);
        let register = count(&inner, |_, _| Fault::None);
        let mut first = true;
        let added = |found: Option<u32>| {
            let meanwhile = std::mem::take(&mut first);
            let other = &other;
            async move {
                if meanwhile {
                    add(other).await?;
                }
                let before = found.unwrap_or(0);
                Ok(Edit::Write(before + 10, before))
            }
        };
        assert_eq!(register.update(added).await.unwrap(), 1);
        assert_eq!(register.read().await.unwrap(), Some(11));
    }

    #[tokio::test]
    async fn who_is_never_first_gives_up() {
        let inner: Arc<InMemory> = Arc::default();
        let other = count(&inner, |_, _| Fault::None);
        let register = count(&inner, |_, _| Fault::None);
        let added = |found: Option<u32>| {
            let other = &other;
            async move {
                add(other).await?;
                Ok(Edit::Write(found.unwrap_or(0) + 10, ()))
            }
        };
        let error = register.update(added).await.unwrap_err();
        assert!(error.message.contains("changed by others 64 times"), "{error}");
    }

    #[tokio::test]
    async fn of_many_writers_none_is_lost() {
        let register = count(&Arc::default(), |_, _| Fault::None);
        let adds = (0..32).map(|_| add(&register));
        for before in futures::future::join_all(adds).await {
            before.unwrap();
        }
        assert_eq!(register.read().await.unwrap(), Some(32));
    }

    #[tokio::test]
    async fn what_is_no_such_value_is_named() {
        let inner: Arc<InMemory> = Arc::default();
        inner.put(&Path::from(PATH), "{".into()).await.unwrap();
        let error = add(&count(&inner, |_, _| Fault::None)).await.unwrap_err();
        assert!(error.message.starts_with("\"count.json\" of \"lake\": "), "{error}");
    }
}
