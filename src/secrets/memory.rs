//! `MemoryStore`: secrets that are gone when the process ends.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use secrecy::SecretString;

use super::{SecretRef, SecretStore, remember};
use crate::fault::Fault;

/// Secrets that are gone when the process ends: for the demo and for tests.
#[derive(Default)]
pub struct MemoryStore {
    kept: Mutex<BTreeMap<SecretRef, SecretString>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another store with the same secrets.
    pub fn copy(&self) -> Self {
        Self {
            kept: Mutex::new(self.lock().clone()),
        }
    }

    /// How many secrets it holds.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// True when it holds none.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SecretRef, SecretString>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lock().keys()).finish()
    }
}

#[async_trait]
impl SecretStore for MemoryStore {
    async fn get(&self, name: &SecretRef) -> Result<Option<SecretString>, Fault> {
        Ok(self.lock().get(name).cloned())
    }

    async fn set(&self, name: &SecretRef, value: &SecretString) -> Result<(), Fault> {
        remember(value);
        self.lock().insert(name.clone(), value.clone());
        Ok(())
    }

    async fn delete(&self, name: &SecretRef) -> Result<bool, Fault> {
        Ok(self.lock().remove(name).is_some())
    }

    fn place(&self) -> &'static str {
        "memory"
    }
}
