//! `FusedStore`: a secret store in which a process dies.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use fedwiz::{
    fault::Fault,
    secrets::{MemoryStore, SecretRef, SecretStore},
};
use secrecy::SecretString;
use tokio::sync::watch;

/// Whoever touches a secret for the `n`-th time does not live on.
#[derive(Debug)]
pub struct FusedStore {
    inner: Arc<MemoryStore>,
    n: usize,
    after: bool,
    touched: AtomicUsize,
    blown: watch::Sender<bool>,
}

impl FusedStore {
    /// Over these secrets. With `after`, the `n`-th touch is still done.
    pub fn new(inner: Arc<MemoryStore>, n: usize, after: bool) -> Self {
        Self {
            inner,
            n,
            after,
            touched: AtomicUsize::new(0),
            blown: watch::Sender::new(false),
        }
    }

    /// How often secrets were touched.
    pub fn touched(&self) -> usize {
        self.touched.load(Ordering::Relaxed)
    }

    /// Whether it came so far.
    pub fn is_blown(&self) -> bool {
        *self.blown.borrow()
    }

    /// Ends when it came so far.
    pub async fn blown(&self) {
        let mut blown = self.blown.subscribe();
        blown.wait_for(|blown| *blown).await.expect("the sender lives in here");
    }

    async fn touch<T>(&self, act: impl Future<Output = T>) -> T {
        let last = self.touched.fetch_add(1, Ordering::Relaxed) + 1 == self.n;
        if !last {
            return act.await;
        }
        if self.after {
            drop(act.await);
        }
        self.blown.send_replace(true);
        std::future::pending().await
    }
}

#[async_trait]
impl SecretStore for FusedStore {
    async fn get(&self, name: &SecretRef) -> Result<Option<SecretString>, Fault> {
        self.touch(self.inner.get(name)).await
    }

    async fn set(&self, name: &SecretRef, value: &SecretString) -> Result<(), Fault> {
        self.touch(self.inner.set(name, value)).await
    }

    async fn delete(&self, name: &SecretRef) -> Result<bool, Fault> {
        self.touch(self.inner.delete(name)).await
    }

    fn place(&self) -> &'static str {
        self.inner.place()
    }
}
