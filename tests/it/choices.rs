//! What the form of a profile lets a person choose from is what stands in the clouds.

use std::sync::Arc;

use fedwiz::{
    clients::entra::auth::{Prompt, Prompter},
    secrets::MemoryStore,
    session::{Choices, rehearsal},
    sim::{Options, Sim},
};

/// Nobody reads codes here: an application signs in.
struct NobodyReads;

impl Prompter for NobodyReads {
    fn show(&self, _: &Prompt) {}
}

/// The choices in this world. Nothing is called by that alone.
async fn choices(scenario: &str) -> (Choices, Sim) {
    let options = Options {
        scenario: scenario.into(),
        ..Options::default()
    };
    let sim = Sim::start(options).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let secrets = Arc::new(MemoryStore::new());
    let setup = rehearsal::setup(&sim, folder.path(), secrets, Arc::new(NobodyReads), 1).unwrap();
    assert_eq!(sim.requests(), 0);
    (Choices::of(&setup).unwrap(), sim)
}

#[tokio::test]
async fn domains_people_and_accounts_are_found_and_nothing_is_changed() {
    let (choices, sim) = choices("click-built").await;
    let domains = choices.domains().await.unwrap();
    assert!(
        domains.iter().any(|domain| domain.value == "contoso.onmicrosoft.com"),
        "{domains:?}"
    );
    let people = |text: &'static str| {
        let choices = &choices;
        async move {
            let found = choices.people(text).await.unwrap().into_iter();
            found.map(|person| person.value).collect::<Vec<_>>()
        }
    };
    let nikki = "NikkiWolf@contoso.onmicrosoft.com".to_owned();
    assert!(people("").await.contains(&nikki));
    // By display name, by family name, and whatever the case.
    assert_eq!(people("nikkiw").await, [nikki.as_str()]);
    assert_eq!(people("Wolf").await, [nikki.as_str()]);
    assert_eq!(people("O'Nobody").await, [""; 0]);
    let accounts = choices.accounts().await.unwrap();
    assert!(accounts.iter().all(|account| account.value.len() == 12), "{accounts:?}");
    assert!(!accounts.is_empty());
    assert_eq!(sim.writes(), 0);
}
