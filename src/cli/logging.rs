//! What is told on stderr while something happens.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;

use super::args::{Arguments, LogLevel, Verb};

/// Begins to log to stderr: at the level that was asked for, else what happens of `run` and warnings of everything else.
/// The scheduler library says more than anyone wants to know, so it is held to errors.
pub fn begin(arguments: &Arguments) {
    let silent = if matches!(arguments.verb, Verb::Run(_)) { LogLevel::Info } else { LogLevel::Warn };
    let level = level(arguments.common.log.unwrap_or(silent));
    let filter =
        tracing_subscriber::EnvFilter::new(format!("{level},tokio_cron_scheduler=error,hyper=error,reqwest=error"));
    let terminal = std::io::stderr().is_terminal();
    let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let begun = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_target(false)
        .without_time()
        .try_init();
    if begun.is_err() {
        tracing::debug!("logging had begun before");
    }
}

fn level(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}
