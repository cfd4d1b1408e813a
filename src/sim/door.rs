//! Listeners that can refuse, and connections that can be cut: what a network does on a bad day.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::hub::Hub;

/// Whether a port takes connections. Shut, it refuses new ones and ends those there are.
#[derive(Debug)]
pub(super) struct Gate {
    wanted: watch::Sender<bool>,
    real: watch::Sender<bool>,
    waiting: Mutex<Vec<Waker>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            wanted: watch::Sender::new(true),
            real: watch::Sender::new(true),
            waiting: Mutex::default(),
        }
    }
}

impl Gate {
    /// Opens or shuts the port; ends when that is done.
    pub(super) async fn set(&self, open: bool) {
        self.wanted.send_replace(open);
        if !open {
            let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            waiting.into_iter().for_each(Waker::wake);
        }
        // The sender lives in this gate.
        let _ = self.real.subscribe().wait_for(|real| *real == open).await;
    }

    fn is_open(&self) -> bool {
        *self.wanted.borrow()
    }
}

/// A listener behind a gate.
pub(super) struct Door {
    listener: Option<TcpListener>,
    address: SocketAddr,
    gate: Arc<Gate>,
    hub: Hub,
    numbers: Arc<AtomicU64>,
}

impl Door {
    pub(super) fn new(listener: TcpListener, gate: Arc<Gate>, hub: Hub, numbers: Arc<AtomicU64>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        Ok(Self {
            listener: Some(listener),
            address,
            gate,
            hub,
            numbers,
        })
    }
}

impl Listener for Door {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let mut wanted = self.gate.wanted.subscribe();
        loop {
            if !*wanted.borrow_and_update() {
                self.listener = None;
                self.gate.real.send_replace(false);
                // The gate outlives the listener.
                let _ = wanted.wait_for(|open| *open).await;
                continue;
            }
            let Some(listener) = &self.listener else {
                match TcpListener::bind(self.address).await {
                    Ok(listener) => {
                        self.listener = Some(listener);
                        self.gate.real.send_replace(true);
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                }
                continue;
            };
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, address)) => {
                        let _ = stream.set_nodelay(true);
                        let number = self.numbers.fetch_add(1, Ordering::Relaxed) + 1;
                        return (Wire { stream, gate: self.gate.clone(), hub: self.hub.clone(), number, cut: Arc::default() }, address);
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                },
                _ = wanted.changed() => {}
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// One connection.
pub(super) struct Wire {
    stream: TcpStream,
    gate: Arc<Gate>,
    hub: Hub,
    number: u64,
    cut: Arc<AtomicBool>,
}

/// What a handler knows of its connection.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    pub(super) number: u64,
    cut: Arc<AtomicBool>,
}

impl Connection {
    /// Nothing more is sent over this connection: not even the answer just made.
    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }
}

impl Connected<IncomingStream<'_, Door>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        Self {
            number: stream.io().number,
            cut: stream.io().cut.clone(),
        }
    }
}

impl Wire {
    fn is_dead(&self) -> bool {
        self.cut.load(Ordering::SeqCst) || !self.gate.is_open()
    }
}

fn reset<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.is_dead() {
            return reset();
        }
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if read.is_pending() {
            let mut waiting = self.gate.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.retain(|waker| !waker.will_wake(cx.waker()));
            waiting.push(cx.waker().clone());
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_dead() {
            reset()
        } else {
            Pin::new(&mut self.stream).poll_write(cx, buf)
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_dead() {
            reset()
        } else {
            Pin::new(&mut self.stream).poll_flush(cx)
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let number = self.number;
        self.hub.with(|world| world.ledger.forgive_connection(number));
    }
}
