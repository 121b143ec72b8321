//! What the browser keeps between visits: the latest run, and a text that was downloaded.
//!
//! One database with one store. A run's checkpoint is written every few seconds and its text only
//! when it is another one, in the same transaction, so that what is read later always fits
//! together, also when two tabs train.

use super::SavedRun;
use super::fault::words;
use crate::json;
use idb::{Database, Error, ObjectStore, Query, TransactionMode, TransactionResult};
use js_sys::Uint8Array;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};

const DATABASE: &str = "glassformer";
const STORE: &str = "kept";
/// The latest run: what [`SavedRun`] says of it, as JSON.
const ABOUT: &str = "run";
/// Its checkpoint, a `Uint8Array`.
const CHECKPOINT: &str = "run checkpoint";
const TEXT: &str = "run text";
/// Names the text that stands under [`TEXT`].
const STAMP: &str = "run text stamp";

/// A run as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) about: SavedRun,
    /// Names the text: runs on the same text share it.
    pub(super) stamp: String,
    pub(super) bytes: Uint8Array,
    pub(super) text: Rc<str>,
}

/// The database, opened when first needed.
#[derive(Default)]
pub(super) struct Storage {
    database: RefCell<Option<Rc<Database>>>,
}

impl Storage {
    /// Keeps a run in the place of the one before.
    ///
    /// # Errors
    /// A sentence: refused, or full.
    pub(super) async fn keep(&self, run: &Kept) -> Result<(), String> {
        self.keep_inner(run).await.map_err(Refusal::sentence)
    }

    async fn keep_inner(&self, run: &Kept) -> Result<(), Refusal> {
        let about = serde_json::to_string(&run.about).unwrap_or_default();
        let (transaction, store) = self.store(TransactionMode::ReadWrite).await?;
        let stamp = store.get(key(STAMP))?.await?;
        if stamp.and_then(|stamp| stamp.as_string()).as_deref() != Some(&run.stamp) {
            store.put(&JsValue::from(&*run.text), Some(&TEXT.into()))?;
            store.put(&JsValue::from(&run.stamp), Some(&STAMP.into()))?;
        }
        store.put(&about.into(), Some(&ABOUT.into()))?;
        store.put(&run.bytes, Some(&CHECKPOINT.into()))?;
        committed(transaction.await?)
    }

    /// What is known of the kept run, without its weights.
    ///
    /// # Errors
    /// A sentence: refused.
    pub(super) async fn about(&self) -> Result<Option<SavedRun>, String> {
        let about = async {
            let (_transaction, store) = self.store(TransactionMode::ReadOnly).await?;
            Ok(store
                .get(key(ABOUT))?
                .await?
                .and_then(|about| parse(&about)))
        };
        about.await.map_err(Refusal::sentence)
    }

    /// The kept run, if it is there and whole.
    ///
    /// # Errors
    /// A sentence: refused.
    pub(super) async fn run(&self) -> Result<Option<Kept>, String> {
        self.kept().await.map_err(Refusal::sentence)
    }

    async fn kept(&self) -> Result<Option<Kept>, Refusal> {
        let (_transaction, store) = self.store(TransactionMode::ReadOnly).await?;
        // Asked for together: a transaction ends when nothing is asked of it.
        let about = store.get(key(ABOUT))?;
        let checkpoint = store.get(key(CHECKPOINT))?;
        let text = store.get(key(TEXT))?;
        let stamp = store.get(key(STAMP))?;
        let (about, checkpoint) = (about.await?, checkpoint.await?);
        let (text, stamp) = (text.await?, stamp.await?);
        let kept = || {
            Some(Kept {
                about: parse(&about?)?,
                stamp: stamp?.as_string()?,
                bytes: checkpoint?.dyn_into().ok()?,
                text: text?.as_string()?.into(),
            })
        };
        Ok(kept())
    }

    /// Throws the kept run away.
    ///
    /// # Errors
    /// A sentence: refused.
    pub(super) async fn forget(&self) -> Result<(), String> {
        let forget = async {
            let (transaction, store) = self.store(TransactionMode::ReadWrite).await?;
            for name in [ABOUT, CHECKPOINT, TEXT, STAMP] {
                store.delete(key(name))?;
            }
            committed(transaction.await?)
        };
        forget.await.map_err(Refusal::sentence)
    }

    /// Keeps a downloaded text under its address.
    ///
    /// # Errors
    /// A sentence: refused, or full.
    pub(super) async fn keep_text(&self, url: &str, text: &str) -> Result<(), String> {
        let keep = async {
            let (transaction, store) = self.store(TransactionMode::ReadWrite).await?;
            store.put(&text.into(), Some(&url.into()))?;
            committed(transaction.await?)
        };
        keep.await.map_err(Refusal::sentence)
    }

    /// The text that was kept under that address; `None` also when storage is refused.
    pub(super) async fn text(&self, url: &str) -> Option<String> {
        let (_transaction, store) = self.store(TransactionMode::ReadOnly).await.ok()?;
        store.get(key(url)).ok()?.await.ok()??.as_string()
    }

    async fn store(&self, mode: TransactionMode) -> Result<(idb::Transaction, ObjectStore), Error> {
        let database = self.open().await?;
        let transaction = match database.transaction(&[STORE], mode) {
            Ok(transaction) => transaction,
            // The browser closed it (the person cleared the site's data): open it anew.
            Err(_) => {
                self.database.borrow_mut().take();
                self.open().await?.transaction(&[STORE], mode)?
            }
        };
        let store = transaction.object_store(STORE)?;
        Ok((transaction, store))
    }

    async fn open(&self) -> Result<Rc<Database>, Error> {
        let present = self.database.borrow().clone();
        if let Some(database) = present {
            return Ok(database);
        }
        let store = ObjectStore::builder(STORE);
        let builder = Database::builder(DATABASE)
            .version(1)
            .add_object_store(store);
        let database = Rc::new(builder.build().await?);
        ask_to_persist();
        *self.database.borrow_mut() = Some(Rc::clone(&database));
        Ok(database)
    }
}

/// Asks the browser not to throw the database away when it wants space; it decides by itself.
fn ask_to_persist() {
    let storage = gloo::utils::window().navigator().storage();
    // Absent where the page is not secure: then nothing is promised, and nothing is lost by it.
    if storage.is_object() {
        let _ = storage.persist();
    }
}

fn key(name: &str) -> Query {
    Query::Key(name.into())
}

/// `None` for what an older version of this page may have left.
fn parse(about: &JsValue) -> Option<SavedRun> {
    json::read(&about.as_string()?).ok()
}

/// Why a browser does not keep something.
enum Refusal {
    Full,
    /// In its own words.
    Other(String),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match &error {
            Error::DomException(exception) if exception.name() == "QuotaExceededError" => {
                Refusal::Full
            }
            Error::DomException(exception) => Refusal::Other(exception.message()),
            Error::UpdateFailed(value) | Error::IndexedDbOpenFailed(value) => {
                Refusal::Other(words(value))
            }
            other => Refusal::Other(other.to_string()),
        }
    }
}

impl Refusal {
    fn sentence(self) -> String {
        match self {
            Refusal::Full => "The browser's storage is full, so this run is not kept: after a \
                              reload it is gone. Save the model as a file, or free some space."
                .into(),
            Refusal::Other(why) => format!(
                "The browser keeps nothing for this page ({why}), as in a private window: a run \
                 is gone after a reload. Save the model as a file to keep it."
            ),
        }
    }
}

fn committed(result: TransactionResult) -> Result<(), Refusal> {
    match result {
        TransactionResult::Committed => Ok(()),
        // A browser that runs out of space while it commits says nothing more than this.
        TransactionResult::Aborted => Err(Refusal::Full),
    }
}
