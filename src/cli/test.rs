//! `test`: runs the tests beside policies.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::args::{Common, Test as Options};
use super::form::Form;
use super::output::{FAILED, Failure, OK, Outcome, failure, print, print_json};
use super::{files, terminal};
use crate::diagnostic::Texts;
use crate::policy::{self, Policy};
use crate::policy_test::{self, Draft, NoPolicy};
use crate::report::{self, Report, Source, Tested};
use crate::runner;

/// How deep folders are searched.
const MAX_DEPTH: usize = 16;

/// How many files of tests are run at once.
const MAX_FILES: usize = 5_000;

/// The most threads.
const MAX_THREADS: usize = 16;

/// Runs them and tells what came of it.
///
/// # Errors
/// A path cannot be read, or holds no tests.
pub fn run(options: &Options, common: &Common) -> Outcome {
    let paths = chosen(&options.paths)?;
    let sources = paths.iter().map(|path| read(path)).collect::<Result<Vec<Texts>, Failure>>()?;
    let drafts = in_parallel(sources.iter().collect(), |source| Draft::of(source.text()));
    let named: Vec<Option<PathBuf>> =
        paths.iter().zip(&drafts).map(|(path, draft)| draft.policy().map(|policy| beside(path, policy))).collect();
    let policies = policies(&named);
    let pairs = drafts.into_iter().zip(&named).collect();
    let loaded = in_parallel(pairs, |(draft, path)| draft.finish(policy_of(&policies, path.as_ref())));
    let mut report = Report { filtered: options.filter.is_some(), ..Report::default() };
    for ((source, loaded), path) in sources.iter().zip(&loaded).zip(&named) {
        let source = Source { texts: source, diagnostics: &loaded.diagnostics };
        let policy = policy_of(&policies, path.as_ref()).ok();
        report.files.push(Tested { source, policy, tests: Vec::new() });
    }
    report.broken = broken(&policies);
    carry_out(&mut report, &loaded, options.filter.as_deref());
    if report.filtered && report.files.iter().all(|file| file.tests.is_empty()) && report.passed() {
        return failure(format!("no test is called like {:?}", options.filter.as_deref().unwrap_or_default()));
    }
    match common.format {
        Form::Text | Form::Markdown => print(&report::tests_text(&report, terminal::style())),
        Form::Json => print_json(&report::tests_json(&report)),
        Form::Junit => print(&report::tests_junit(&report)),
    }
    Ok(if report.passed() { OK } else { FAILED })
}

/// Runs every test that is wanted, on as many threads as the machine has.
fn carry_out<'a>(report: &mut Report<'a>, loaded: &'a [policy_test::Loaded], filter: Option<&str>) {
    let filter = filter.map(str::to_lowercase);
    let wanted = |name: &str| filter.as_ref().is_none_or(|filter| name.to_lowercase().contains(filter));
    let mut work = Vec::new();
    for (index, (file, loaded)) in report.files.iter().zip(loaded).enumerate() {
        let (Some(policy), Some(suite)) = (file.policy, &loaded.suite) else { continue };
        work.extend(suite.tests.iter().filter(|test| wanted(&test.name)).map(|test| (index, policy, test)));
    }
    let outcomes = in_parallel(work, |(index, policy, test)| (index, test, policy_test::run(policy, test)));
    for (index, test, outcome) in outcomes {
        if let Some(file) = report.files.get_mut(index) {
            file.tests.push((test, outcome));
        }
    }
    let filtered = report.filtered;
    report.files.retain(|file| !filtered || !file.tests.is_empty() || file.is_unusable());
}

/// What a function makes of each item, in the items' order, worked out on several threads.
fn in_parallel<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, usize::from).clamp(1, MAX_THREADS).min(items.len().max(1));
    let share = items.len().div_ceil(threads * 4).max(1);
    let mut rest = items.into_iter();
    let shares: Vec<std::sync::Mutex<Vec<T>>> = std::iter::from_fn(|| {
        let share: Vec<T> = rest.by_ref().take(share).collect();
        (!share.is_empty()).then(|| std::sync::Mutex::new(share))
    })
    .collect();
    let next = AtomicUsize::new(0);
    let one_thread = || {
        let mut done = Vec::new();
        while let Some((index, share)) = taken(&shares, &next) {
            done.push((index, share.into_iter().map(&work).collect::<Vec<R>>()));
        }
        done
    };
    let mut done: Vec<(usize, Vec<R>)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(one_thread)).collect();
        let own = one_thread();
        // A panic is a fault of this program, never a test that quietly goes missing.
        let joined = |other: thread::ScopedJoinHandle<'_, Vec<(usize, Vec<R>)>>| {
            other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        own.into_iter().chain(others.into_iter().flat_map(joined)).collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().flat_map(|(_, share)| share).collect()
}

/// The next share of work that nobody has taken.
fn taken<T>(shares: &[std::sync::Mutex<Vec<T>>], next: &AtomicUsize) -> Option<(usize, Vec<T>)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    let share = shares.get(index)?;
    let mut share = share.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Some((index, std::mem::take(&mut *share)))
}

fn read(path: &Path) -> Result<Texts, Failure> {
    Ok(Texts::of(&path.display().to_string(), &files::read_text(path)?))
}

/// The path of a policy as a test file names it.
fn beside(test_file: &Path, policy: &str) -> PathBuf {
    test_file.parent().map_or_else(|| PathBuf::from(policy), |folder| folder.join(policy))
}

/// Each policy that is named, read and loaded once.
fn policies(named: &[Option<PathBuf>]) -> BTreeMap<PathBuf, Result<policy::Loaded, String>> {
    let mut policies = BTreeMap::new();
    for path in named.iter().flatten() {
        policies.entry(path.clone()).or_insert_with(|| {
            let text = files::read_text(path).map_err(|Failure(why)| why)?;
            Ok(policy::load_with(&path.display().to_string(), &text, &runner::Beside::of(path)))
        });
    }
    policies
}

fn policy_of<'a>(
    policies: &'a BTreeMap<PathBuf, Result<policy::Loaded, String>>,
    path: Option<&PathBuf>,
) -> Result<&'a Policy, NoPolicy> {
    match path.and_then(|path| policies.get(path)) {
        Some(Ok(loaded)) => loaded.policy.as_ref().ok_or(NoPolicy::Broken),
        Some(Err(why)) => Err(NoPolicy::Unreadable(why.clone())),
        None => Err(NoPolicy::Broken),
    }
}

fn broken(policies: &BTreeMap<PathBuf, Result<policy::Loaded, String>>) -> Vec<Source<'_>> {
    let broken = policies.values().flatten().filter(|loaded| loaded.policy.is_none());
    broken.map(|loaded| Source { texts: &loaded.texts, diagnostics: &loaded.diagnostics }).collect()
}

/// The files of tests that the paths name: such files themselves, those in a folder and below it, and those beside a
/// policy that test it.
fn chosen(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found: Vec<PathBuf> = Vec::new();
    for path in paths {
        let more = if path.is_dir() {
            let mut in_folder = Vec::new();
            search(path, MAX_DEPTH, &mut in_folder)?;
            if in_folder.is_empty() {
                return failure(format!("{}: no tests (*.test.yaml) in this folder", path.display()));
            }
            in_folder
        } else if runner::is_tests(path) {
            vec![path.clone()]
        } else {
            of_policy(path)?
        };
        found.extend(more.into_iter().filter(|path| !found.contains(path)).collect::<Vec<_>>());
        if found.len() > MAX_FILES {
            return failure(format!("more than {MAX_FILES} files of tests"));
        }
    }
    Ok(found)
}

/// Every file of tests in a folder and below it, in the order of their names. Links to folders are not followed.
fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let shown = folder.display();
    let entries = std::fs::read_dir(folder).map_err(|error| Failure(format!("{shown}: {error}")))?;
    let mut entries: Vec<std::fs::DirEntry> = entries.take(MAX_FILES * 10).flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, hidden) = (entry.path(), entry.file_name().to_string_lossy().starts_with('.'));
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if depth > 0 && !hidden {
                search(&path, depth - 1, found)?;
            }
        } else if runner::is_tests(&path) && path.is_file() {
            found.push(path);
        }
        if found.len() > MAX_FILES {
            return failure(format!("{shown}: more than {MAX_FILES} files of tests"));
        }
    }
    Ok(())
}

/// The files of tests in a policy's folder that name it.
fn of_policy(policy: &Path) -> Result<Vec<PathBuf>, Failure> {
    let shown = policy.display();
    let canonical = policy.canonicalize().map_err(|error| Failure(format!("{shown}: {error}")))?;
    let folder = policy.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut beside_it = Vec::new();
    search(folder, 0, &mut beside_it)?;
    let names_it = |path: &PathBuf| {
        let text = files::read_text(path).ok();
        let named = text.and_then(|text| Draft::of(&text).policy().map(|policy| beside(path, policy)));
        named.and_then(|named| named.canonicalize().ok()).is_some_and(|named| named == canonical)
    };
    let found: Vec<PathBuf> = beside_it
        .into_iter()
        .map(|path| path.strip_prefix("./").map(Path::to_owned).unwrap_or(path))
        .filter(names_it)
        .collect();
    if found.is_empty() {
        let name = policy.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        return failure(format!("{shown}: no tests beside it; write them into {name}.test.yaml"));
    }
    Ok(found)
}
