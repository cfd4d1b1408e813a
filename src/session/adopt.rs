//! Taking a federation over: what is there is read, rehearsed with the steps' own eyes and nothing on disk, and recorded only
//! when the operator has seen what it comes to. Nothing is written to either cloud.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use secrecy::SecretString;

use super::{JOURNAL, PROGRAM, Session, Setup, accounts::AccountBook, way, world};
use crate::{
    adopt::{self, Draft, Found},
    clients::retry,
    engine::{
        fact::{Fact, Intent},
        graph::NodeId,
        guide::{Nobody, Operator},
        journal::{Journal, Recorded},
        outcome::Outcome,
        recorder::{Notice, Recorder},
        run::Run,
        select::Selection,
    },
    fault::{Fault, Kind},
    report::adopt::{Comes, Remark, Taken, is_open},
    secrets::{MemoryStore, SecretRef, SecretStore, SharedSecrets},
    steps::{Target, World, rotation::Rounds},
};

/// The clouds that a profile leads to, for looking at what is there. Whoever has signed in stays signed in.
#[derive(Debug)]
pub struct Discovery {
    world: World,
}

impl Discovery {
    /// Nothing is called yet, and no journal is touched.
    pub fn of(setup: &Setup) -> Result<Self, Fault> {
        let recorder = Arc::new(Recorder::in_memory(Run::default(), setup.clock.clone()));
        let profile = Arc::new(setup.profile.clone());
        Ok(Self {
            world: world(
                setup,
                &profile,
                &recorder,
                &way(setup, &profile)?,
                retry::Policy::default(),
            )?,
        })
    }

    /// Reads what is there.
    pub async fn find(&self, wish: adopt::Wish<'_>, progress: adopt::found::Progress<'_>) -> Result<Found, Fault> {
        adopt::find(&self.world, wish, progress).await
    }

    /// The profile that it comes to. `base` holds how to sign in, and where; policies lie in `folder`, beside the profile.
    pub fn draft(&self, found: &Found, base: toml::Table, folder: &str) -> Draft {
        adopt::draft(found, base, self.world.profile.entra.cloud, folder)
    }

    /// Takes over in memory what this profile names, and looks what a set-up would still do then.
    pub async fn rehearse(&self, setup: Setup, operator: Arc<dyn Operator>) -> Result<Rehearsed, Fault> {
        let world = World {
            profile: Arc::new(setup.profile.clone()),
            entra: self.world.entra.clone(),
            targets: self
                .world
                .targets
                .iter()
                .map(|target| Target {
                    name: target.name.clone(),
                    aws: target.aws.clone(),
                    accounts: AccountBook::default(),
                    read_back: Default::default(),
                })
                .collect(),
            secrets: Arc::clone(&setup.secrets),
            handouts: setup.folder.join("handouts"),
            rounds: Rounds::default(),
        };
        Rehearsed::of(setup, Some(world), operator).await
    }
}

/// What taking over comes to. Nothing is on disk.
pub struct Rehearsed {
    session: Session,
    facts: Vec<(Option<NodeId>, Fact)>,
    secrets: Arc<Beforehand>,
    /// How the look went. What is not there, or not as the profile says, is among its findings.
    pub outcome: Outcome,
    /// What a set-up would do afterwards.
    pub plan: Outcome,
}

impl Rehearsed {
    /// A rehearsal for a profile that is there: how a lost journal comes back.
    pub async fn for_profile(setup: Setup, operator: Arc<dyn Operator>) -> Result<Self, Fault> {
        Self::of(setup, None, operator).await
    }

    async fn of(mut setup: Setup, at_hand: Option<World>, operator: Arc<dyn Operator>) -> Result<Self, Fault> {
        let recorded = Journal::read(&setup.folder.join(JOURNAL))?;
        refuse_what_is_known(&recorded)?;
        let secrets = Arc::new(Beforehand::over(Arc::clone(&setup.secrets)));
        setup.secrets = secrets.clone();
        let tail = recorded.tail;
        let recorder = Arc::new(Recorder::in_memory(recorded.run, setup.clock.clone()));
        let mut heard = recorder.subscribe();
        let world = match at_hand {
            Some(world) => World {
                secrets: secrets.clone(),
                ..world
            },
            None => {
                let profile = Arc::new(setup.profile.clone());
                world(
                    &setup,
                    &profile,
                    &recorder,
                    &way(&setup, &profile)?,
                    retry::Policy::default(),
                )?
            }
        };
        let session = Session::in_world(setup, Arc::new(world), recorder, tail, None).await?;
        let outcome = session.adopter(operator).run(Intent::Up).await?;
        let plan = session
            .driver(Arc::new(Nobody), Selection::default())
            .run(Intent::Plan)
            .await?;
        let mut facts = Vec::new();
        while let Some(notice) = heard.try_next() {
            if let Notice::Fact(event) = notice {
                facts.push((event.node.clone(), event.fact.clone()));
            }
        }
        Ok(Self {
            session,
            facts,
            secrets,
            outcome,
            plan,
        })
    }

    /// The session it was rehearsed in.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What is taken over, in the order of the walk.
    pub fn taken(&self) -> Vec<Taken> {
        let graph = &self.session.graph;
        self.session.recorder.with_run(|run| {
            let nodes = graph.nodes().iter().filter_map(|node| {
                let standing = run.node(&node.id)?.standing.as_ref()?;
                Some(Taken {
                    node: node.id.clone(),
                    how: standing.how,
                    proof: standing.proof.to_string(),
                    unproven: standing.unproven,
                    owner: standing.as_found.owner.clone(),
                    stays: standing.as_found.differences.clone(),
                })
            });
            nodes.collect()
        })
    }

    /// Whether a set-up would have nothing to do afterwards.
    pub fn plan_is_empty(&self) -> bool {
        self.plan.failed.is_empty()
            && self.plan.needs_person.is_empty()
            && !self.plan.findings.iter().any(|(_, finding)| is_open(finding))
    }

    /// All that there is to say of it.
    pub fn comes(&self, draft: Option<&Draft>) -> Comes {
        let notes = draft.into_iter().flat_map(|draft| &draft.notes).map(|note| Remark {
            side: note.side,
            object: note.object.clone(),
            text: note.text.clone(),
            owner: None,
        });
        let owned = draft.into_iter().flat_map(|draft| &draft.owned).map(|owned| Remark {
            side: owned.side,
            object: owned.object.clone(),
            text: owned.kind.to_owned(),
            owner: Some(owned.owner.clone()),
        });
        let taken = self.taken();
        // Without a draft, what the steps saw tells whose things are.
        let seen = taken.iter().filter(|_| draft.is_none()).filter_map(|taken| {
            Some(Remark {
                side: if taken.node.step.starts_with("aws.") {
                    "aws"
                } else {
                    "entra"
                },
                object: taken.node.to_string(),
                text: String::new(),
                owner: Some(taken.owner.clone()?),
            })
        });
        let remarks = owned.chain(seen).chain(notes).collect();
        let open = self.plan.findings.iter().filter(|(_, finding)| is_open(finding));
        Comes {
            remarks,
            open: open.cloned().collect(),
            taken,
        }
    }

    /// Puts it on record: the facts into the journal, and a token that was brought into the secret store.
    pub async fn keep(self) -> Result<(), Fault> {
        let (journal, recorded) = Journal::open(&self.session.journal, PROGRAM)?;
        refuse_what_is_known(&recorded)?;
        let recorder = Recorder::on(journal, recorded, Arc::clone(&self.session.clock))?;
        // The token first: a journal that names one that nobody keeps would ask for it.
        self.secrets.keep().await?;
        for (node, fact) in self.facts {
            recorder.fact(node.as_ref(), fact).await?;
        }
        Ok(())
    }
}

/// Steps whose things are never taken back, whoever asks: people and groups are more than this federation, and so is an
/// instance.
pub const NEVER_TAKEN_BACK: [&str; 3] = ["entra.user", "entra.group", "aws.instance"];

/// A journal that knows of anything is continued, and not written over.
fn refuse_what_is_known(recorded: &Recorded) -> Result<(), Fault> {
    let run = &recorded.run;
    let nodes = run.nodes();
    let stands = nodes.iter().any(|(_, node)| node.standing.is_some());
    let ours = nodes.iter().any(|(_, node)| node.may_be_ours());
    // Taking over that was cut off goes on where it was.
    if !ours && (!stands || run.is_open()) {
        return Ok(());
    }
    Err(Fault::new(Kind::Usage, "fedwiz knows this federation already")
        .why("its journal is there, and says what stands and what fedwiz made")
        .hint("`fedwiz check` looks whether it still stands, `fedwiz apply` takes up what was added since."))
}

/// A store in which nothing is changed before it is meant: what is set stays in memory until then.
struct Beforehand {
    below: SharedSecrets,
    set: MemoryStore,
    names: std::sync::Mutex<Vec<SecretRef>>,
}

impl Beforehand {
    fn over(below: SharedSecrets) -> Self {
        Self {
            below,
            set: MemoryStore::new(),
            names: std::sync::Mutex::default(),
        }
    }

    fn names(&self) -> std::sync::MutexGuard<'_, Vec<SecretRef>> {
        self.names.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Sets in the store below what was set here.
    async fn keep(&self) -> Result<(), Fault> {
        let names = self.names().clone();
        for name in names {
            if let Some(value) = self.set.get(&name).await? {
                self.below.set(&name, &value).await?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Beforehand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beforehand").finish_non_exhaustive()
    }
}

#[async_trait]
impl SecretStore for Beforehand {
    async fn get(&self, name: &SecretRef) -> Result<Option<SecretString>, Fault> {
        match self.set.get(name).await? {
            Some(value) => Ok(Some(value)),
            None => self.below.get(name).await,
        }
    }

    async fn set(&self, name: &SecretRef, value: &SecretString) -> Result<(), Fault> {
        self.names().push(name.clone());
        self.set.set(name, value).await
    }

    async fn delete(&self, name: &SecretRef) -> Result<bool, Fault> {
        self.set.delete(name).await
    }

    fn is_writable(&self) -> bool {
        self.below.is_writable()
    }

    fn place(&self) -> &'static str {
        self.below.place()
    }
}
