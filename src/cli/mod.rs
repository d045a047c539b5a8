//! One file per verb.

#![allow(unreachable_pub, reason = "the verbs are rooms of one floor; only `main` is seen from outside")]

mod apply;
mod args;
mod backtest;
mod calibrate;
mod capabilities;
mod check;
mod compare;
mod demo;
mod devices;
mod drivers;
mod files;
mod fmt;
mod form;
mod given;
mod history;
mod init;
mod log;
mod logging;
mod manual;
mod output;
mod past;
mod plan;
mod progress;
mod read;
mod restore;
mod resume;
mod run;
mod saved_plan;
mod schema;
mod session;
mod shown;
mod simulate;
mod status;
mod terminal;
mod test;
mod when;
mod why;

use std::ffi::OsString;

use clap::Parser;

use args::{Arguments, Verb};
use form::Form;
use output::{FAILED, Failure, OK, Outcome, failure, tell};
use session::Session;

/// Runs the program with the arguments of a command line, the program's own name first; gives the exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // A usage error exits 1: the 2 of clap means "writes pending" here.
            let _ = error.print();
            return if error.use_stderr() { FAILED } else { OK };
        }
    };
    logging::begin(&arguments);
    dispatch(&arguments).unwrap_or_else(|Failure(text)| {
        tell(&format!("error: {text}"));
        FAILED
    })
}

fn dispatch(arguments: &Arguments) -> Outcome {
    if arguments.common.format == Form::Markdown && !matches!(arguments.verb, Verb::Compare(_)) {
        return failure("--format markdown: only `compare` writes it");
    }
    if arguments.common.format == Form::Junit && !matches!(arguments.verb, Verb::Test(_)) {
        return failure("--format junit: only `test` writes it");
    }
    let session = Session::new(&arguments.common);
    match &arguments.verb {
        Verb::Check(check) => check::run(check, &arguments.common),
        Verb::Fmt(fmt) => fmt::run(fmt, &arguments.common),
        Verb::Test(test) => test::run(test, &arguments.common),
        Verb::Schema(options) => schema::run(options),
        Verb::Calibrate(calibrate) => calibrate::run(calibrate, &session),
        Verb::Plan(plan) => plan::run(plan, &session),
        Verb::Apply(apply) => apply::run(apply, &session),
        Verb::Run(run) => run::run(run, &session),
        Verb::Demo(demo) => demo::run(demo, &session),
        Verb::Status(site) => status::run(site, &session),
        Verb::Log(log) => log::run(log, &session),
        Verb::Why(why) => why::run(why, &session),
        Verb::Override(command) => manual::run(command, &session),
        Verb::Resume(site) => resume::run(site, &session),
        Verb::Devices(devices) => devices::run(devices, &session),
        Verb::Read(policy) => read::run(policy, &session),
        Verb::Restore(restore) => restore::run(restore, &session),
        Verb::Compare(compare) => compare::run(compare, &session),
        Verb::Backtest(backtest) => backtest::run(backtest, &session),
        Verb::Simulate(simulate) => simulate::run(simulate, &session),
        Verb::Init(init) => init::run(init, &session),
    }
}
