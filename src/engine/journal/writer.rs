//! The writer: a thread that puts facts on disk, as many at a time as are waiting, and only then lets them be known.

use std::{
    io::Write as _,
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use tokio::sync::oneshot;

use super::{Journal, cannot, line};
use crate::{engine::fact::Event, fault::Fault};

/// Tells everyone about a fact that is on disk.
pub(super) type Publish = Box<dyn Fn(&Arc<Event>) + Send>;

/// Hands facts to the thread, in order.
#[derive(Debug)]
pub(in crate::engine) struct Writer {
    orders: Option<mpsc::Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

struct Order {
    event: Arc<Event>,
    done: oneshot::Sender<Result<(), Fault>>,
}

/// How many facts are put on disk in one go, at most.
const BATCH: usize = 256;

impl Writer {
    pub(in crate::engine) fn start(journal: Journal, publish: Publish) -> Result<Self, Fault> {
        let (orders, inbox) = mpsc::channel();
        let path = journal.path.clone();
        let thread = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || work(journal, &inbox, &publish))
            .map_err(|why| cannot(&path, "start writing to", &why))?;
        Ok(Self {
            orders: Some(orders),
            thread: Some(thread),
        })
    }

    /// Hands over the next fact. The answer comes when it is on disk and everyone knows.
    pub(in crate::engine) fn write(&self, event: Arc<Event>) -> oneshot::Receiver<Result<(), Fault>> {
        let (done, answer) = oneshot::channel();
        if let Some(orders) = &self.orders {
            // A thread that is gone drops `done`, which the receiver notices.
            let _ = orders.send(Order { event, done });
        }
        answer
    }
}

impl Drop for Writer {
    /// What was handed over is still written, and the lock is given back, before this returns.
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(mut journal: Journal, inbox: &mpsc::Receiver<Order>, publish: &Publish) {
    let mut broken: Option<Fault> = None;
    while let Ok(first) = inbox.recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH {
            match inbox.try_recv() {
                Ok(order) => batch.push(order),
                Err(_) => break,
            }
        }
        // After a failed write nobody knows what is on disk: nothing more is written until a new start has looked.
        if broken.is_none() {
            broken = append(&mut journal, &batch).err();
        }
        for order in batch {
            let answer = match &broken {
                None => {
                    publish(&order.event);
                    Ok(())
                }
                Some(fault) => Err(fault.clone()),
            };
            let _ = order.done.send(answer);
        }
    }
    // Given back by hand, so that it does not depend on the order of drops.
    let _ = journal.lock.unlock();
}

fn append(journal: &mut Journal, batch: &[Order]) -> Result<(), Fault> {
    let mut text = String::new();
    for order in batch {
        text.push_str(&line::write(&order.event)?);
    }
    let written = journal
        .file
        .write_all(text.as_bytes())
        .and_then(|()| journal.file.sync_data());
    written.map_err(|why| cannot(&journal.path, "write to", &why))
}
