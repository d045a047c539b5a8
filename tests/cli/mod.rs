//! What the tests of the command line share: the program itself, in a folder of its own, with a house of its own time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use offpeak::journal::Journal;
use offpeak::policy::{self, Policy};
use offpeak::time::Instant;
use offpeak::vendor::simulated::{Home, Kept};

/// A policy that asks nothing of the device at any time of the day.
pub const QUIET: &str = "offpeak: 1
site: home
timezone: Europe/London
device:
  driver: simulated
battery:
  capacity: 10.1 kWh
  charge power: 5 kW
  discharge power: 5 kW
  round trip efficiency: 90%
  reserve: 10%
  ceiling: 95%
tariff:
  currency: GBP
  import: { price: 0.27 }
rules:
  - name: Hold while the car charges fast
    when: { ev: above 20 kW }
    then: hold
otherwise: self-consume
";

/// A folder in which the program runs, with nothing of the machine's around it.
pub struct Desk {
    pub dir: tempfile::TempDir,
}

/// A program that runs beside the test and ends with it, however the test ends.
pub struct Beside(pub std::process::Child);

impl Beside {
    /// Ends it by a signal; says whether it ended well.
    pub fn end(&mut self, signal: &str) -> bool {
        let sent = Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap();
        sent.success() && self.0.wait().unwrap().success()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a run of the program came to.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Desk {
    pub fn new() -> Desk {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("home.yaml"), QUIET).unwrap();
        Desk { dir }
    }

    /// A desk with a simulated world that is years ahead of the machine, so that its clock shows the same at every test.
    pub fn ahead() -> Desk {
        let desk = Desk::new();
        let policy = desk.policy();
        let battery = &policy.battery;
        let home = Home {
            serial: policy.device.serial.clone(),
            zone: policy.zone.clone(),
            capacity: battery.capacity,
            charge_power: battery.charge_power,
            discharge_power: battery.discharge_power,
            charge_efficiency: battery.charge_efficiency,
            discharge_efficiency: battery.discharge_efficiency,
            seed: 7,
        };
        Kept::open(Some(&desk.state()), &home, start()).unwrap().save().unwrap();
        desk
    }

    pub fn policy(&self) -> Policy {
        policy::load("home.yaml", QUIET).policy.unwrap()
    }

    pub fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    pub fn journal(&self) -> Journal {
        Journal::open_beside(&self.state()).unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    /// The program with these arguments, to be run in the folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offpeak"));
        command.args(arguments).current_dir(self.dir.path()).env_clear();
        command.env("HOME", self.dir.path()).env("OFFPEAK_STATE", "state").stdin(std::process::Stdio::null());
        command
    }

    /// Runs the program; the words of a line are its arguments, and what stands in `'` is one.
    pub fn run(&self, line: &str) -> Ran {
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        ran(self.command(&words).output().unwrap())
    }

    /// What a terminal would show of some runs.
    pub fn story(&self, lines: &[&str]) -> String {
        let shown = lines.iter().map(|line| {
            let Ran { code, stdout, stderr } = self.run(line);
            format!("$ offpeak {line}\n{stdout}{stderr}[exit {code}]\n")
        });
        shown.collect::<Vec<_>>().join("\n")
    }

    /// Every file in the folder with its content.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(self.dir.path(), &mut files);
        files
    }
}

/// What the clock of [`Desk::ahead`] shows at first.
pub fn start() -> Instant {
    "2040-01-13T20:41:02Z".parse().unwrap()
}

/// The words of a line.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

pub fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            let content = std::fs::read(&path).unwrap();
            files.insert(path, content);
        }
    }
}
