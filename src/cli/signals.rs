//! Ctrl-C and SIGTERM: the first asks to stop safely, the second ends at once.

/// Hears whoever asks this process to stop.
pub(super) struct Interrupts {
    #[cfg(unix)]
    streams: Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>,
}

impl Interrupts {
    /// From now on, signals are heard here and no longer end the process by themselves.
    pub(super) fn new() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let streams = signal(SignalKind::interrupt()).and_then(|one| Ok((one, signal(SignalKind::terminate())?)));
            Self { streams: streams.ok() }
        }
        #[cfg(not(unix))]
        Self {}
    }

    /// Ends with the next request to stop.
    pub(super) async fn next(&mut self) {
        #[cfg(unix)]
        if let Some((interrupt, terminate)) = &mut self.streams {
            tokio::select! {
                Some(()) = interrupt.recv() => return,
                Some(()) = terminate.recv() => return,
                else => {}
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
