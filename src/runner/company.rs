//! The sites of a service: who is there, who is left out and why, and who comes and goes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tokio::sync::watch::{Sender, channel};
use tokio::task::{Id, JoinSet};
use tracing::{info, warn};

use super::beside::Beside;
use super::ground::Ground;
use super::member::{LEAVING, Member, Orders, device};
use super::roster::{self, Roster};
use super::service::ServiceError;
use super::tick::Tick;
use crate::policy::{self, Policy};

/// The site under which the journal keeps what is about no site: alarms about files that are left out.
pub const SERVICE: &str = "";

/// How the key of an alarm about a file that is left out begins.
const ALARM: &str = "policy ";

/// The key of the alarm about a folder that cannot be read.
const FOLDER: &str = "folder";

/// At so many looks in a row a file must be missing from its folder before its site ends: an editor that replaces a file takes it
/// away for a moment.
const MISSING: u32 = 2;

/// The most beats before a site that failed is begun again.
const LONGEST_PAUSE: u64 = 60;

/// How much longer than the sites themselves the service waits for their ends.
const SLACK: std::time::Duration = std::time::Duration::from_secs(10);

/// The sites of a service.
pub(super) struct Company {
    ground: Ground,
    roster: Roster,
    /// By the file of the policy.
    sites: BTreeMap<PathBuf, Present>,
    /// Files that are no site now.
    left_out: BTreeMap<PathBuf, LeftOut>,
    /// How often sites have failed in a row.
    failures: BTreeMap<PathBuf, u32>,
    tasks: JoinSet<Result<(), ServiceError>>,
    orders: Orders,
    /// Whether tasks are begun as sites come.
    is_running: bool,
}

/// A site that is there.
struct Present {
    site: String,
    device: (&'static str, String, Option<String>),
    orders: Sender<Orders>,
    /// The site itself until its task begins.
    waiting: Option<Member>,
    task: Option<Id>,
    missing: u32,
    /// At which beat it came.
    since: u64,
}

/// A file that is no site.
struct LeftOut {
    why: String,
    again: Again,
}

/// When a file that is left out is looked at again.
enum Again {
    /// Once its text and those of the files that it includes have another digest than this.
    OtherThan { digest: String, included: Vec<String> },
    /// From this beat on.
    From(u64),
}

/// A site's task that has ended, and how.
pub(super) struct Gone {
    task: Option<Id>,
    how: Result<(), ServiceError>,
}

/// A policy that is to become a site.
struct Candidate {
    path: PathBuf,
    policy: Policy,
    /// The policy's text with all its files.
    kept: String,
    included: Vec<String>,
}

impl Company {
    pub(super) fn new(ground: Ground, paths: Vec<PathBuf>) -> Company {
        Company {
            ground,
            roster: Roster::new(paths),
            sites: BTreeMap::new(),
            left_out: BTreeMap::new(),
            failures: BTreeMap::new(),
            tasks: JoinSet::new(),
            orders: Orders { beats: 1, ..Orders::default() },
            is_running: false,
        }
    }

    /// Looks which files there are: takes up new ones, ends the sites of those that are gone, tells what is left out. While a
    /// folder cannot be read nobody comes or goes.
    pub(super) fn look_round(&mut self) -> Result<(), ServiceError> {
        let files = match self.roster.files() {
            Ok(files) => files,
            Err(why) => return self.alarm(FOLDER, &format!("{why}; the sites stay as they are")),
        };
        self.all_clear(FOLDER)?;
        self.forget(&files)?;
        self.dismiss(&files);
        let unknown: Vec<PathBuf> = files.into_iter().filter(|path| !self.sites.contains_key(path)).collect();
        let mut candidates = Vec::new();
        for path in unknown {
            candidates.extend(self.candidate(path)?);
        }
        for clash in clashes(&candidates, &self.sites) {
            candidates.retain(|candidate| candidate.path != clash.0);
            self.leave_out(clash.0, clash.1, Again::From(0))?;
        }
        candidates.into_iter().try_for_each(|candidate| self.take_up(candidate))
    }

    /// Whether there is a site at all.
    pub(super) fn must_have_someone(&self) -> Result<(), ServiceError> {
        if !self.sites.is_empty() {
            return Ok(());
        }
        let why = self.left_out.iter().map(|(path, left)| format!("{}: {}", path.display(), left.why));
        let why = why.collect::<Vec<_>>().join("; ");
        Err(ServiceError::Nobody(if why.is_empty() { "no policy (*.yaml) to run".to_owned() } else { why }))
    }

    /// Begins a task for every site. Whoever comes later gets one at once.
    pub(super) fn begin(&mut self) {
        self.is_running = true;
        let paths: Vec<PathBuf> = self.sites.keys().cloned().collect();
        paths.iter().for_each(|path| self.start(path));
    }

    /// A beat for everyone, after a look at the files.
    pub(super) fn beat(&mut self) -> Result<(), ServiceError> {
        self.orders.beats = self.orders.beats.saturating_add(1);
        self.look_round()?;
        self.order();
        Ok(())
    }

    /// Everyone reads its policy again.
    pub(super) fn reload(&mut self) {
        self.orders.reloads = self.orders.reloads.saturating_add(1);
        self.left_out.values_mut().for_each(|left| left.again = Again::From(0));
        self.order();
    }

    /// The next task that ends; never, where nobody's does.
    pub(super) async fn gone(&mut self) -> Gone {
        match self.tasks.join_next_with_id().await {
            Some(Ok((task, how))) => Gone { task: Some(task), how },
            Some(Err(error)) => Gone { task: Some(error.id()), how: Err(ServiceError::Broken(error.to_string())) },
            None => std::future::pending().await,
        }
    }

    /// What follows from a task's end: nothing if it was told to; else the site is begun again from the journal, as after a kill.
    /// A service of one site ends, and so does one whose journal is damaged, which the next start sets right.
    pub(super) fn bury(&mut self, gone: Gone) -> Result<(), ServiceError> {
        let path = self.sites.iter().find(|(_, site)| site.task == gone.task).map(|(path, _)| path.clone());
        let Some(path) = path else { return gone.how };
        let alone = self.sites.len() == 1;
        let since = self.sites.remove(&path).map_or(0, |site| site.since);
        let Err(error) = gone.how else { return Ok(()) };
        if alone || error.is_damage() {
            return Err(error);
        }
        let lasted = self.orders.beats.saturating_sub(since) > LONGEST_PAUSE;
        let failures = self.failures.entry(path.clone()).or_default();
        *failures = if lasted { 1 } else { failures.saturating_add(1) };
        let pause = 2_u64.saturating_pow(failures.saturating_sub(1)).min(LONGEST_PAUSE);
        let again = Again::From(self.orders.beats.saturating_add(pause));
        self.leave_out(path, format!("its site failed and is begun again: {error}"), again)
    }

    /// Tells everyone to end, and waits for it, for a bounded time.
    pub(super) async fn end(mut self) -> Result<(), ServiceError> {
        self.orders.end = true;
        self.order();
        let mut worst = Ok(());
        let all = async {
            while let Some(ended) = self.tasks.join_next().await {
                let how = ended.unwrap_or_else(|error| Err(ServiceError::Broken(error.to_string())));
                if let Err(error) = how {
                    warn!("{error}");
                    worst = Err(error);
                }
            }
        };
        if tokio::time::timeout(LEAVING + SLACK, all).await.is_err() {
            warn!("not every site has ended in time; what is on the devices is harmless");
        }
        worst
    }

    /// One tick of everyone, together.
    pub(super) async fn once(mut self) -> Result<Vec<(String, Tick)>, ServiceError> {
        let mut ticks = JoinSet::new();
        for (index, site) in self.sites.values_mut().enumerate() {
            if let Some(mut member) = site.waiting.take() {
                let name = site.site.clone();
                ticks.spawn_local(async move { (index, name, member.once().await) });
            }
        }
        let mut done = Vec::new();
        while let Some(ended) = ticks.join_next().await {
            let (index, name, tick) = ended.map_err(|error| ServiceError::Broken(error.to_string()))?;
            done.push((index, name, tick?));
        }
        done.sort_by_key(|(index, _, _)| *index);
        Ok(done.into_iter().map(|(_, name, tick)| (name, tick)).collect())
    }

    /// Files that are left out and no longer there need no alarm.
    fn forget(&mut self, files: &BTreeSet<PathBuf>) -> Result<(), ServiceError> {
        for alarm in self.ground.journal.alarms(SERVICE)? {
            let path = alarm.key.strip_prefix(ALARM).map(PathBuf::from);
            if path.is_some_and(|path| !files.contains(&path)) {
                self.all_clear(&alarm.key)?;
            }
        }
        self.left_out.retain(|path, _| files.contains(path));
        self.failures.retain(|path, _| files.contains(path));
        Ok(())
    }

    /// Ends the sites whose files are gone: each is left as its policy says.
    fn dismiss(&mut self, files: &BTreeSet<PathBuf>) {
        for (path, site) in &mut self.sites {
            site.missing = if files.contains(path) { 0 } else { site.missing.saturating_add(1) };
            if site.missing == MISSING {
                info!("{}: the file is gone; its site ends", path.display());
                site.orders.send_modify(|orders| orders.end = true);
            }
        }
    }

    /// A file's policy, if it can become a site now.
    fn candidate(&mut self, path: PathBuf) -> Result<Option<Candidate>, ServiceError> {
        let again = self.left_out.get(&path).map(|left| &left.again);
        if again.is_some_and(|again| matches!(again, Again::From(beat) if *beat > self.orders.beats)) {
            return Ok(None);
        }
        let text = match roster::read(&path) {
            Ok(text) => text,
            Err(why) => return self.leave_out(path, why, Again::From(0)).map(|()| None),
        };
        let beside = Beside::of(&path);
        if let Some(Again::OtherThan { digest, included }) = again
            && policy::revision_with(&text, included, &beside) == *digest
        {
            return Ok(None);
        }
        let policy::Loaded { policy, kept, included, .. } =
            policy::load_with(&path.display().to_string(), &text, &beside);
        match policy {
            Some(policy) => Ok(Some(Candidate { path, policy, kept, included })),
            None => {
                let why = format!("it has errors and is left out; see `offpeak check {}`", path.display());
                self.leave_out(path, why, Again::OtherThan { digest: policy::revision(&kept), included }).map(|()| None)
            }
        }
    }

    fn take_up(&mut self, candidate: Candidate) -> Result<(), ServiceError> {
        let Candidate { path, policy, kept, included } = candidate;
        let (site, device) = (policy.site.clone(), device(&policy));
        let (settled, world) = match self.ground.settle(policy, &kept) {
            Ok(settled) => settled,
            Err(error) => return self.leave_out(path, error.to_string(), Again::From(0)),
        };
        self.left_out.remove(&path);
        self.all_clear(&key(&path))?;
        let (orders, _) = channel(self.orders);
        let waiting = Some(Member::new(settled, path.clone(), included, world));
        let present = Present { site, device, orders, waiting, task: None, missing: 0, since: self.orders.beats };
        self.sites.insert(path.clone(), present);
        if self.is_running {
            self.start(&path);
        }
        Ok(())
    }

    fn start(&mut self, path: &Path) {
        let Some(site) = self.sites.get_mut(path) else { return };
        if let Some(member) = site.waiting.take() {
            site.task = Some(self.tasks.spawn_local(member.live(site.orders.subscribe())).id());
        }
    }

    /// Passes the orders on; whoever was told to end stays told.
    fn order(&self) {
        for site in self.sites.values() {
            site.orders.send_modify(|orders| *orders = Orders { end: orders.end || self.orders.end, ..self.orders });
        }
    }

    /// Tells once that a file is no site, and why; the others go on.
    fn leave_out(&mut self, path: PathBuf, why: String, again: Again) -> Result<(), ServiceError> {
        self.alarm(&key(&path), &format!("{}: {why}", path.display()))?;
        self.left_out.insert(path, LeftOut { why, again });
        Ok(())
    }

    fn alarm(&self, key: &str, text: &str) -> Result<(), ServiceError> {
        if self.ground.journal.raise_alarm(SERVICE, key, text, self.ground.clock.now())? {
            warn!("{text}");
        }
        Ok(())
    }

    fn all_clear(&self, key: &str) -> Result<(), ServiceError> {
        if let Some(alarm) = self.ground.journal.clear_alarm(SERVICE, key, self.ground.clock.now())? {
            info!("over: {}", alarm.text);
        }
        Ok(())
    }
}

/// The key of the alarm about a file that is left out.
fn key(path: &Path) -> String {
    format!("{ALARM}{}", path.display())
}

/// The files that cannot become sites beside each other or beside those that are there, each with why. Of two files that come
/// together neither is preferred.
fn clashes(candidates: &[Candidate], sites: &BTreeMap<PathBuf, Present>) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for one in candidates {
        let present = sites.iter().map(|(path, site)| (path, site.site.as_str(), site.device.clone()));
        let others = candidates.iter().filter(|other| other.path != one.path);
        let others = others.map(|other| (&other.path, other.policy.site.as_str(), device(&other.policy)));
        let ours = device(&one.policy);
        let clash = present.chain(others).find_map(|(path, site, theirs)| {
            let path = path.display();
            if site == one.policy.site {
                Some(format!("it names the site `{site}`, and so does {path}"))
            } else {
                (theirs == ours).then(|| format!("it names the device {} {}, and so does {path}", ours.0, ours.1))
            }
        });
        found.extend(clash.map(|why| (one.path.clone(), why)));
    }
    found
}
