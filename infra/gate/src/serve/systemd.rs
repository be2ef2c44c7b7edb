//! Notifications for systemd (`Type=notify`): ready, stopping, and the watchdog. Without systemd they do nothing.

#[cfg(unix)]
mod notifications {
    use std::time::Duration;

    use sd_notify::NotifyState;

    fn notify(state: &NotifyState<'_>) {
        if let Err(error) = sd_notify::notify(std::slice::from_ref(state)) {
            tracing::warn!(target: "pozi::gate", problem = %error, "cannot notify systemd");
        }
    }

    pub(in super::super) fn ready() {
        notify(&NotifyState::Ready);
    }

    pub(in super::super) fn stopping() {
        notify(&NotifyState::Stopping);
    }

    /// Notifies systemd's watchdog, if there is one, twice in each of its periods; never returns. It runs on the same
    /// runtime as the requests, so that a blocked runtime stops the notifications.
    pub(in super::super) async fn keep_watchdog_alive() {
        let Some(period) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
        let mut interval = tokio::time::interval((period / 2).max(Duration::from_millis(10)));
        loop {
            interval.tick().await;
            notify(&NotifyState::Watchdog);
        }
    }
}

#[cfg(not(unix))]
mod notifications {
    pub(in super::super) fn ready() {}

    pub(in super::super) fn stopping() {}

    pub(in super::super) async fn keep_watchdog_alive() {
        std::future::pending::<()>().await;
    }
}

pub(super) use notifications::{keep_watchdog_alive, ready, stopping};
