//! Signals that stop the gate or reload its configuration. Their handlers are installed before anything else is done:
//! without one, a signal ends the process, and QGIS Server's processes would be left.

/// Receives SIGTERM, on Unix, and an interrupt from the keyboard.
#[derive(Debug)]
pub(crate) struct Termination {
    #[cfg(unix)]
    signals: Option<[tokio::signal::unix::Signal; 2]>,
}

impl Termination {
    /// Installs the handlers.
    pub(crate) fn listen() -> Self {
        #[cfg(unix)]
        use tokio::signal::unix::{SignalKind, signal};
        Self {
            #[cfg(unix)]
            signals: signal(SignalKind::terminate())
                .and_then(|terminate| Ok([terminate, signal(SignalKind::interrupt())?]))
                .ok(),
        }
    }

    /// Returns once one was received, also if that was before the call.
    pub(crate) async fn received(self) {
        #[cfg(unix)]
        if let Some([mut terminate, mut interrupt]) = self.signals {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            return;
        }
        // Without a handler the interrupt still ends the process.
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Receives SIGHUP, on Unix.
#[derive(Debug)]
pub(crate) struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangup {
    /// Installs the handler; from now on SIGHUP does not end the process.
    pub(crate) fn listen() -> Self {
        Self {
            #[cfg(unix)]
            signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok(),
        }
    }

    /// Returns at the next SIGHUP; never on other systems.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}
