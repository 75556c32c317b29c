//! Signals that end the program: it clears away what it has half written, and goes.

/// Waits for a signal to stop and returns its number. In a shell Ctrl-C ends a query and not the program.
#[cfg(unix)]
pub(crate) async fn signal(is_shell: bool) -> u8 {
    use tokio::signal::unix::{SignalKind, signal};

    let wait = async |kind: SignalKind, number: u8| match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
            number
        }
        // Then it ends the program as the system does it.
        Err(_) => std::future::pending().await,
    };
    let interrupted = async {
        match is_shell {
            true => std::future::pending().await,
            false => wait(SignalKind::interrupt(), 2).await,
        }
    };
    tokio::select! {
        number = interrupted => number,
        number = wait(SignalKind::hangup(), 1) => number,
        number = wait(SignalKind::terminate(), 15) => number,
    }
}

/// Waits for ever: elsewhere the system ends programs as it will.
#[cfg(not(unix))]
pub(crate) async fn signal(_: bool) -> u8 {
    std::future::pending().await
}
