//! Whoever asks this process to stop: Ctrl-C, SIGTERM and, for the screen, a terminal that is gone.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Hears whoever asks this process to stop.
pub(super) struct Interrupts {
    #[cfg(unix)]
    streams: Vec<Signal>,
}

impl Interrupts {
    /// From now on, Ctrl-C and SIGTERM are heard here and no longer end the process by themselves. A hang-up still does, or
    /// does not under `nohup`.
    pub(super) fn new() -> Self {
        Self {
            #[cfg(unix)]
            streams: hear(&[SignalKind::interrupt(), SignalKind::terminate()]),
        }
    }

    /// And a hang-up, for what cannot go on without its terminal.
    pub(super) fn of_a_terminal() -> Self {
        Self {
            #[cfg(unix)]
            streams: hear(&[SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]),
        }
    }

    /// Ends with the next request to stop.
    pub(super) async fn next(&mut self) {
        #[cfg(unix)]
        if !self.streams.is_empty() {
            let each = self.streams.iter_mut().map(|signal| Box::pin(signal.recv()));
            if futures_util::future::select_all(each).await.0.is_some() {
                return;
            }
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_ok() {
            return;
        }
        // Nobody can ask: wait for ever.
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
fn hear(kinds: &[SignalKind]) -> Vec<Signal> {
    kinds.iter().filter_map(|kind| signal(*kind).ok()).collect()
}
