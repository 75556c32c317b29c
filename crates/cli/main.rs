//! The `aftersight` program: parse, run, print the error, choose the exit code.
//!
//! The only place that knows a terminal, the environment and the clock.

mod args;
mod commands;
mod failure;
mod machine;
mod open;
mod render;
mod run;
mod shell;
mod stop;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use args::Args;

/// Planning allocates a great deal, from many threads: a third of its time was the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long the end waits for work that nobody wants any more.
const SHUTDOWN: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // Deep plans recurse; the default 2 MiB is too little in development builds.
        .thread_stack_size(16 << 20)
        .enable_all()
        .build();
    let is_shell = args.is_shell();
    let done = match runtime {
        // On a worker, for its stack: the main thread's is the system's choice.
        Ok(runtime) => {
            let done = runtime.block_on(async {
                let mut work = tokio::spawn(commands::run(args));
                tokio::select! {
                    done = &mut work => Ok(done),
                    signal = stop::signal(is_shell) => {
                        // What is half written goes with the work.
                        work.abort();
                        let _ = tokio::time::timeout(SHUTDOWN, work).await;
                        Err(signal)
                    }
                }
            });
            // A query that was cancelled may still be busy with its last batch. Whoever ends in
            // time is joined: to let threads go while they end can crash in glibc (bug 19951).
            runtime.shutdown_timeout(SHUTDOWN);
            match done {
                Ok(Ok(done)) => done,
                Ok(Err(panic)) => Err(failure::Failure::internal(&panic.to_string())),
                Err(signal) => return ExitCode::from(128 + signal),
            }
        }
        Err(error) => Err(failure::Failure::failed(format!("cannot start: {error}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
