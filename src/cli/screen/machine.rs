//! The federations of this machine.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::mpsc;

use super::{SignIns, opened::Opened};
use crate::{
    cli::{args::TokenStore, draft, files, operator, out, place, vault, walk},
    engine::guide::Entry,
    fault::{Fault, Kind},
    profile::Profile,
    report::{outline::Outline, replay::recall, words},
    secrets::MemoryStore,
    session::{Choices, Found, JOURNAL, Setup},
    steps::PHASES,
    tui::host::{Choice, Draft, Federation, Folder, Host, Known, SignIn, Wrong},
};

/// The federations of this machine.
pub(super) struct Machine {
    /// The profile that was named, if one was.
    pub(super) file: Option<PathBuf>,
    pub(super) token_store: TokenStore,
    pub(super) sign_ins: SignIns,
    /// Where things were looked up last, and the profile that leads there.
    pub(super) choices: Mutex<Option<(Profile, Arc<Choices>)>>,
}

impl Machine {
    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.file.iter().cloned().collect();
        for file in place::profiles() {
            if !files.contains(&file) {
                files.push(file);
            }
        }
        files
    }

    /// The clouds that the answers so far lead to; the same ones as long as they lead there, as somebody has signed in.
    fn choices(&self, draft: &Draft) -> Result<Arc<Choices>, Fault> {
        let profile = draft::way_in(draft)?;
        let mut last = self.choices.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, choices)) = &*last
            && *known == profile
        {
            return Ok(Arc::clone(choices));
        }
        let setup = Setup {
            prompter: Arc::clone(&self.sign_ins.prompter),
            ..walk::setup(profile.clone(), Arc::new(MemoryStore::new()))?
        };
        let choices = Arc::new(Choices::of(&setup)?);
        *last = Some((profile, Arc::clone(&choices)));
        Ok(choices)
    }

    fn list(&self, state: impl Fn(&str) -> String) -> Vec<Known> {
        let all = self.files().into_iter().map(|file| match Profile::load(&file) {
            Ok(profile) => Known {
                state: state(&profile.federation),
                name: profile.federation,
            },
            Err(error) => Known {
                name: file
                    .file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned())
                    .unwrap_or_default(),
                state: format!("its profile has errors: {error}"),
            },
        });
        all.collect()
    }
}

#[async_trait]
impl Host for Machine {
    fn known(&self) -> Vec<Known> {
        self.list(|federation| match is_long(federation) {
            true => UNKNOWN.into(),
            false => how_it_stands(federation),
        })
    }

    fn known_in_full(&self) -> Option<Vec<Known>> {
        let known = self.known();
        let unknown = known.iter().any(|known| known.state == UNKNOWN);
        unknown.then(|| self.list(how_it_stands))
    }

    async fn open(&self, name: &str) -> Result<Arc<dyn Federation>, Fault> {
        for file in self.files() {
            let Ok(profile) = Profile::load(&file) else { continue };
            if profile.federation != name {
                continue;
            }
            let secrets = vault::open_quietly(self.token_store).await?;
            let setup = Setup {
                prompter: Arc::clone(&self.sign_ins.prompter),
                ..walk::setup(profile, secrets)?
            };
            let flags = format!("--profile {}", out::quoted(&file.display().to_string()));
            return Opened::open(setup, flags, None).await;
        }
        Err(
            Fault::new(Kind::Usage, format!("the profile of `{name}` cannot be read"))
                .hint("`fedwiz plan` says what is wrong with it, line by line."),
        )
    }

    fn draft(&self) -> Draft {
        draft::draft()
    }

    fn preview(&self, draft: &Draft) -> Result<String, Vec<Wrong>> {
        draft::preview(draft)
    }

    async fn look_up(&self, draft: &Draft, key: &str, typed: &str) -> Result<Vec<Choice>, Fault> {
        let choices = self.choices(draft)?;
        let found = match key {
            draft::TENANT => choices.domains().await?,
            draft::PERSON => choices.people(typed).await?,
            draft::ACCOUNT => choices.accounts().await?,
            _ => Vec::new(),
        };
        let found = found.into_iter().map(|Found { value, about }| Choice { value, about });
        Ok(found.collect())
    }

    fn save(&self, draft: &Draft) -> Result<String, Fault> {
        draft::save(draft)
    }

    fn bring(&self, entry: Entry, typed: SecretString) -> Result<SecretString, Fault> {
        operator::brought(entry, typed)
    }

    fn folder(&self, path: Option<&Path>) -> Result<Folder, Fault> {
        files::list(path)
    }

    fn prompts(&self) -> Option<mpsc::UnboundedReceiver<Option<SignIn>>> {
        self.sign_ins.take()
    }
}

/// How a federation is that nobody has looked up yet.
const UNKNOWN: &str = "…";
/// A journal of more bytes than this is not read before the first picture.
const LONG: u64 = 1024 * 1024;

fn journal(federation: &str) -> Result<PathBuf, Fault> {
    Ok(place::state_dir(federation)?.join(JOURNAL))
}

fn is_long(federation: &str) -> bool {
    let size = journal(federation).ok().and_then(|file| file.metadata().ok());
    size.is_some_and(|size| size.len() > LONG)
}

/// What a federation's journal says, in a few words.
fn how_it_stands(federation: &str) -> String {
    let read = journal(federation).and_then(|file| recall(Outline::new(PHASES), &file, |_| true));
    let view = match read {
        Ok(view) if view.now().is_none() => return "not begun".into(),
        Ok(view) => view,
        Err(fault) => return fault.to_string(),
    };
    let standing = view.tally().count(words::State::stands);
    let end = view.run().and_then(|run| run.end).map_or("broken off", words::end);
    let at = view
        .now()
        .map(|at| at.strftime(", %Y-%m-%d %H:%M UTC").to_string())
        .unwrap_or_default();
    match standing {
        0 => format!("taken back{at}"),
        _ => format!("{standing} steps stand; last run: {end}{at}"),
    }
}
