//! The command line: verbs, options and their help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::form::Form;
use crate::vendor::account::Scope;

/// Battery policies as code: plan, review and apply charge schedules from a YAML policy.
#[derive(Debug, Parser)]
#[command(name = "offpeak", version, about, disable_help_subcommand = true, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,

    /// What every verb takes.
    #[command(flatten)]
    pub common: Common,
}

/// Options that every verb takes.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// The folder of the journal and of the simulated world [default: the XDG state folder]
    #[arg(long, global = true, value_name = "DIR", env = "OFFPEAK_STATE")]
    pub state: Option<PathBuf>,

    /// How much to tell on stderr [default: info for run, warn for the rest]
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log: Option<LogLevel>,

    /// The form of the answer on stdout
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub format: Form,

    /// Take time from a simulated cloud, such as <http://127.0.0.1:8480> (loopback only)
    #[arg(long, global = true, value_name = "URL")]
    pub clock: Option<String>,
}

/// What a vendor counts calls by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PaceScope {
    /// All systems of an account together.
    Account,
    /// Each system apart.
    Serial,
}

impl From<PaceScope> for Scope {
    fn from(scope: PaceScope) -> Scope {
        match scope {
            PaceScope::Account => Scope::Account,
            PaceScope::Serial => Scope::Serial,
        }
    }
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Failures.
    Error,
    /// What may need attention.
    Warn,
    /// What happens.
    Info,
    /// Each exchange.
    Debug,
    /// Everything.
    Trace,
}

/// What offpeak does.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show the whole story with no hardware: plan, apply, and a day in accelerated time
    #[command(after_help = "Example:\n  offpeak demo")]
    Demo(Demo),
    /// Write a commented policy to start from
    #[command(after_help = "Example:\n  offpeak init home.yaml --driver alphaess --serial ALB011020015002")]
    Init(Init),
    /// Load policies and report every problem
    #[command(
        after_help = "Example:\n  offpeak check rules/\n\nExit code: 0 clean, 1 errors (with --strict warnings too)"
    )]
    Check(Check),
    /// Lay policies out in the one canonical way; comments stay
    #[command(
        after_help = "Examples:\n  offpeak fmt home.yaml\n  offpeak fmt --check rules/\n  offpeak fmt - < home.yaml\n\n\
                            Exit code: 0, with --check 1 if a file would change"
    )]
    Fmt(Fmt),
    /// Run the tests beside policies, and name the rules that no test fired
    #[command(
        after_help = "Examples:\n  offpeak test rules/\n  offpeak test home.yaml --filter night\n  offpeak test rules/ --format junit > \
                            tests.xml\n\nExit code: 0 every test passed, 1 one failed or could not be run"
    )]
    Test(Test),
    /// Print the JSON Schema of a policy, with which an editor completes and checks it
    #[command(
        after_help = "Examples:\n  offpeak schema > policy.schema.json\n  offpeak schema --tests > tests.schema.json\n\nThen, as the first line \
                            of a policy:\n  # yaml-language-server: $schema=policy.schema.json"
    )]
    Schema(Schema),
    /// List the systems of an account, or show what devices can do
    #[command(
        after_help = "Examples:\n  offpeak devices --driver alphaess\n  offpeak devices home.yaml\n  offpeak devices \
                            --capabilities --store periodic\n\nOnly the first one asks the vendor's cloud"
    )]
    Devices(Devices),
    /// Read one set of fresh readings with their ages
    #[command(after_help = "Example:\n  offpeak read home.yaml")]
    Read(OnePolicy),
    /// Watch an ATESS and propose how its readings are mapped: signs, units, fields
    #[command(
        after_help = "Example:\n  offpeak calibrate workshop.yaml --for 60min\n\nCtrl-C ends it earlier and proposes what is known by then"
    )]
    Calibrate(Calibrate),
    /// Show what would be written and why; sends nothing, ever
    #[command(
        after_help = "Examples:\n  offpeak plan home.yaml\n  offpeak plan home.yaml --given soc=41% load=430W solar=0W \
                            --device device.json --at '2026-11-20 20:41'\n\nExit code: 0 nothing to write, 2 writes pending, 1 error"
    )]
    Plan(Plan),
    /// Plan (or take a saved plan), show it, ask, write and read back
    #[command(
        after_help = "Examples:\n  offpeak apply home.yaml\n  offpeak plan home.yaml --out plan.json && offpeak apply plan.json --yes"
    )]
    Apply(Apply),
    /// Run the service: plan and apply at every tick
    #[command(
        after_help = "Examples:\n  offpeak run home.yaml\n  offpeak run sites/\n\nSIGHUP or a changed file reloads; SIGTERM ends by `on exit`"
    )]
    Run(Run),
    /// Show what holds now and when the last verified cycle was
    #[command(after_help = "Example:\n  offpeak status")]
    Status(Site),
    /// Show what happened
    #[command(after_help = "Example:\n  offpeak log --limit 20")]
    Log(Log),
    /// Explain a moment: which rule won, why each rule above it did not, on which readings
    #[command(
        after_help = "Examples:\n  offpeak why --at '2026-11-20 23:45'\n  offpeak why home.yaml --given soc=40% load=400W --at \
                            '2026-11-20 23:45'\n\nWith a policy and --given it asks neither the journal nor the network"
    )]
    Why(Why),
    /// Put a manual command above all rules for a while
    #[command(
        after_help = "Examples:\n  offpeak override 'charge to 80%' --for 2h\n  offpeak override hold --until 18:00"
    )]
    Override(Override),
    /// End an override, and take a drifted schedule into our hands again
    #[command(after_help = "Example:\n  offpeak resume")]
    Resume(Site),
    /// Put back the schedule that was on the device before the first write ever made to it
    #[command(after_help = "Example:\n  offpeak restore home.yaml")]
    Restore(Restore),
    /// Replay a history: what the policy would have cost, beside what was possible
    #[command(
        after_help = "Examples:\n  offpeak backtest home.yaml --history last-year.csv.gz\n  offpeak backtest sites/ --history journal\n\n\
                      The format of a history is in `docs/backtest.md`"
    )]
    Backtest(Backtest),
    /// Show what a change to a policy changes over a history: hours, kWh, money, by rule
    #[command(
        after_help = "Example:\n  offpeak compare home.yaml new.yaml --history last-year.csv.gz --format markdown\n\nExit code: 0 same behaviour, 2 different, 1 error"
    )]
    Compare(Compare),
    /// Serve the simulated vendor cloud over HTTP
    #[command(
        after_help = "Example:\n  offpeak simulate --port 8480 --speed 60 --faults bad-gateway,slow-apply --seed 7"
    )]
    Simulate(Simulate),
}

/// `demo`
#[derive(Debug, Args)]
pub struct Demo {
    /// The seed of the simulated weather and household
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
}

/// `init`
#[derive(Debug, Args)]
pub struct Init {
    /// The file to write
    #[arg(default_value = "home.yaml")]
    pub file: PathBuf,
    /// The driver: alphaess, atess or simulated
    #[arg(long)]
    pub driver: Option<String>,
    /// The serial number of the system
    #[arg(long)]
    pub serial: Option<String>,
    /// The time zone of the site
    #[arg(long)]
    pub timezone: Option<String>,
    /// The cheap hours, such as 23:30-05:30
    #[arg(long)]
    pub night: Option<String>,
    /// The currency, such as GBP
    #[arg(long)]
    pub currency: Option<String>,
    /// The price of a kWh in the cheap hours
    #[arg(long)]
    pub night_price: Option<String>,
    /// The price of a kWh otherwise
    #[arg(long)]
    pub day_price: Option<String>,
    /// The usable capacity, such as '10.1 kWh'
    #[arg(long)]
    pub capacity: Option<String>,
    /// The charge and discharge power, such as '5 kW'
    #[arg(long)]
    pub power: Option<String>,
    /// Write over an existing file
    #[arg(long)]
    pub force: bool,
}

/// `check`
#[derive(Debug, Args)]
pub struct Check {
    /// Policy files, or folders of them
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// Warnings count as errors
    #[arg(long)]
    pub strict: bool,
}

/// `schema`
#[derive(Debug, Args)]
pub struct Schema {
    /// Of the files of tests beside a policy instead
    #[arg(long)]
    pub tests: bool,
}

/// `fmt`
#[derive(Debug, Args)]
pub struct Fmt {
    /// Policy files, tests beside them, or folders of both; `-` alone reads stdin and writes stdout
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// Change nothing; tell which files would change, and how
    #[arg(long)]
    pub check: bool,
}

/// `test`
#[derive(Debug, Args)]
pub struct Test {
    /// Test files (`*.test.yaml`), policies with tests beside them, or folders of both
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// Only the tests whose name has this in it
    #[arg(long, value_name = "NAME")]
    pub filter: Option<String>,
}

/// `devices`
#[derive(Debug, Args)]
pub struct Devices {
    /// A policy: show what its device can do
    #[arg(conflicts_with_all = ["driver", "url", "capabilities", "store"])]
    pub policy: Option<PathBuf>,
    /// The driver [default: alphaess; with --capabilities every one]
    #[arg(long)]
    pub driver: Option<String>,
    /// Another base URL, such as the simulator's
    #[arg(long)]
    pub url: Option<String>,
    /// Show what devices can do, by the stores that hold their schedules
    #[arg(long, conflicts_with = "url")]
    pub capabilities: bool,
    /// One store alone: two-window, periodic, string or central
    #[arg(long, requires = "capabilities")]
    pub store: Option<String>,
}

/// A verb on one policy.
#[derive(Debug, Args)]
pub struct OnePolicy {
    /// The policy file
    pub policy: PathBuf,
}

/// `calibrate`
#[derive(Debug, Args)]
pub struct Calibrate {
    /// The policy file
    pub policy: PathBuf,
    /// For how long to watch, once a minute
    #[arg(long = "for", value_name = "DURATION", default_value = "60min")]
    pub duration: String,
}

/// `plan`
#[derive(Debug, Args)]
pub struct Plan {
    /// The policy file
    pub policy: PathBuf,
    /// Plan as if it were this time: RFC 3339, or 'YYYY-MM-DD HH:MM' on the site's clock (needs --given)
    #[arg(long, value_name = "TIME", requires = "given")]
    pub at: Option<String>,
    /// How far to look ahead
    #[arg(long, value_name = "DURATION", default_value = "24h")]
    pub horizon: String,
    /// Readings to plan with instead of the device's: soc=40% load=400W solar=0W grid=… battery=… ev=…, or `soc=unknown`
    #[arg(long, value_name = "SIGNAL=VALUE", num_args = 0..)]
    pub given: Option<Vec<String>>,
    /// The schedule on the device, as JSON, instead of asking the vendor
    #[arg(long, value_name = "FILE")]
    pub device: Option<PathBuf>,
    /// Save the plan for `apply`
    #[arg(long, value_name = "PLAN.json")]
    pub out: Option<PathBuf>,
}

/// `apply`
#[derive(Debug, Args)]
pub struct Apply {
    /// A policy file, or a plan that `plan --out` saved
    pub file: PathBuf,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// `run`
#[derive(Debug, Args)]
pub struct Run {
    /// Policy files, or folders of them: each `*.yaml` is a site
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// What the vendor's gap of ten seconds between reads counts by
    #[arg(long, value_name = "SCOPE", default_value = "account")]
    pub pace: PaceScope,
    /// Decide and journal, but write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// One tick, then leave
    #[arg(long)]
    pub once: bool,
}

/// A verb on a site of the journal.
#[derive(Debug, Args)]
pub struct Site {
    /// The site, where the journal knows more than one
    #[arg(long)]
    pub site: Option<String>,
}

/// `log`
#[derive(Debug, Args)]
pub struct Log {
    /// The site, where the journal knows more than one
    #[arg(long)]
    pub site: Option<String>,
    /// At most so many entries, the newest
    #[arg(long, default_value_t = 50)]
    pub limit: u32,
}

/// `why`
#[derive(Debug, Args)]
pub struct Why {
    /// A policy, to explain a moment that never was: with the readings that are given
    #[arg(requires = "given", conflicts_with = "site")]
    pub policy: Option<PathBuf>,
    /// The moment: RFC 3339, or 'YYYY-MM-DD HH:MM' on the site's clock [default: the newest decision; with --given now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Readings instead of the journal's: soc=40% load=400W solar=0W grid=… battery=… ev=…, or `soc=unknown`
    #[arg(long, value_name = "SIGNAL=VALUE", num_args = 0.., requires = "policy")]
    pub given: Option<Vec<String>>,
    /// The site, where the journal knows more than one
    #[arg(long)]
    pub site: Option<String>,
}

/// `override`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("end").required(true))]
pub struct Override {
    /// What to do, in the words of a policy: 'charge to 80%', hold, self-consume
    pub action: String,
    /// For how long, such as 2h
    #[arg(long = "for", value_name = "DURATION", group = "end")]
    pub duration: Option<String>,
    /// Until when: HH:MM on the site's clock, or RFC 3339
    #[arg(long, value_name = "TIME", group = "end")]
    pub until: Option<String>,
    /// The site, where the journal knows more than one
    #[arg(long)]
    pub site: Option<String>,
}

/// `restore`
#[derive(Debug, Args)]
pub struct Restore {
    /// The policy file
    pub policy: PathBuf,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// `backtest`
#[derive(Debug, Args)]
pub struct Backtest {
    /// Policy files, or folders of them; of more than one there is a line each
    #[arg(required = true, value_name = "POLICY")]
    pub policies: Vec<PathBuf>,
    /// Write the pictures of a single policy to this file: one HTML page that needs no network
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// How the history is lived through.
    #[command(flatten)]
    pub replayed: Replayed,
    /// A charge for each local day, shown beside the costs
    #[arg(long, value_name = "AMOUNT", default_value_t = 0.0)]
    pub standing_charge: f64,
    /// A charge for each kW of each month's highest import, as the mean over a clock hour, shown beside the costs
    #[arg(long, value_name = "AMOUNT", default_value_t = 0.0)]
    pub peak_charge: f64,
}

/// `compare`
#[derive(Debug, Args)]
pub struct Compare {
    /// The policy as it was
    pub old: PathBuf,
    /// The policy as it is to be
    pub new: PathBuf,
    /// How the history is lived through.
    #[command(flatten)]
    pub replayed: Replayed,
}

/// A history and how it is lived through.
#[derive(Debug, Args)]
pub struct Replayed {
    /// The history: CSV or CSV.gz with `start,load_kwh,pv_kwh` and, where wanted, `import_price,export_price`; or `journal`, or
    /// `vendor` for what the device's maker keeps
    #[arg(long, value_name = "FILE")]
    pub history: PathBuf,
    /// Of the vendor's history, how many days up to yesterday; each is fetched once and kept in the state folder
    #[arg(long, default_value_t = 30)]
    pub days: u16,
    /// The state of charge at the beginning
    #[arg(long, value_name = "PERCENT", default_value = "50%")]
    pub soc: String,
    /// The time between two looks
    #[arg(long, value_name = "DURATION", default_value = "5min")]
    pub tick: String,
    /// Reach the battery through schedules and the budget of writes, as live, instead of commands obeyed at once (slower)
    #[arg(long)]
    pub writes: bool,
}

/// `simulate`
#[derive(Debug, Args)]
pub struct Simulate {
    /// Whose cloud: alphaess or atess
    #[arg(long, default_value = "alphaess")]
    pub vendor: String,
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8480)]
    pub port: u16,
    /// Simulated seconds per second; 0 stands still until told to advance
    #[arg(long, default_value_t = 1.0)]
    pub speed: f64,
    /// When the simulation starts [default: now]
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// Faults by name, separated by commas; see `docs/simulator.md`
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub faults: Vec<String>,
    /// The seed of weather, household and faults
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Which store acts on the device: two-window, periodic or both; see `docs/simulator.md`
    #[arg(long, value_name = "NAME", default_value = "two-window")]
    pub region: String,
    /// The app id that it accepts
    #[arg(long, default_value = "alpha-simulated")]
    pub app_id: String,
    /// The app secret that it accepts
    #[arg(long, default_value = "simulated-secret")]
    pub app_secret: String,
    /// The token that the ATESS cloud accepts
    #[arg(long, default_value = "atess-simulated-token")]
    pub token: String,
}
