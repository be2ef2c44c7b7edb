//! What systemd is told, where it started the gate (`Type=notify`): that it is ready, that it ends, and again and again
//! that it lives. Elsewhere nothing is told.

#[cfg(unix)]
mod told {
    use std::time::Duration;

    use sd_notify::NotifyState;

    fn tell(state: &NotifyState<'_>) {
        if let Err(problem) = sd_notify::notify(std::slice::from_ref(state)) {
            tracing::warn!(target: "pozi::gate", %problem, "systemd cannot be told how the gate is");
        }
    }

    pub(in super::super) fn ready() {
        tell(&NotifyState::Ready);
    }

    pub(in super::super) fn stopping() {
        tell(&NotifyState::Stopping);
    }

    /// Tells systemd's watchdog, where there is one, twice in each of its periods; never comes back. It runs beside the
    /// requests, so that a runtime that is stuck falls silent.
    pub(in super::super) async fn live() {
        let Some(period) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
        let mut beat = tokio::time::interval((period / 2).max(Duration::from_millis(10)));
        loop {
            beat.tick().await;
            tell(&NotifyState::Watchdog);
        }
    }
}

#[cfg(not(unix))]
mod told {
    pub(in super::super) fn ready() {}

    pub(in super::super) fn stopping() {}

    pub(in super::super) async fn live() {
        std::future::pending::<()>().await;
    }
}

pub(super) use told::{live, ready, stopping};
