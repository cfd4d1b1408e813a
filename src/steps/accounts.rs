//! What a profile's words for accounts mean: `management`, an id, a name, `all`, the path of an organizational unit, or a tag; and
//! with `!` before them, that those are left out.
//!
//! The words decide how many assignments there are, so they are looked up before the graph is built. `management` needs no
//! look-up: there is exactly one, and the assignment finds out which when it runs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use super::World;
use crate::{
    clients::aws::{Account, Aws},
    fault::{Fault, Kind},
};

/// The word for the account that owns the organization.
pub const MANAGEMENT: &str = "management";
/// The word for every account.
const ALL: &str = "all";
/// What begins a word for the accounts with a tag.
const TAG: &str = "tag:";
/// What begins a word for accounts that are left out.
const OUT: char = '!';

/// What the words mean in one organization, and what its accounts are called. Empty until [`look_up`].
#[derive(Debug, Default)]
pub struct AccountBook(
    OnceLock<BTreeMap<String, Vec<String>>>,
    OnceLock<BTreeMap<String, String>>,
);

impl AccountBook {
    /// The accounts that a word stands for: ids, or `management` for the management account. A word that was not looked
    /// up stands for itself.
    pub fn accounts(&self, word: &str) -> Vec<String> {
        match self.0.get() {
            Some(book) => book.get(word).cloned().unwrap_or_default(),
            None => vec![word.to_owned()],
        }
    }

    /// The names of the accounts, as far as they were read: by id, the management account's by `management`.
    pub fn names(&self) -> &BTreeMap<String, String> {
        static NOBODY: BTreeMap<String, String> = BTreeMap::new();
        self.1.get().unwrap_or(&NOBODY)
    }
}

/// The accounts that these words stand for together, in the words' order, each once.
pub fn chosen(book: Option<&AccountBook>, words: &[String]) -> Vec<String> {
    let mean = |word: &str| book.map_or_else(|| vec![word.to_owned()], |book| book.accounts(word));
    let out: BTreeSet<String> = words
        .iter()
        .filter_map(|word| word.strip_prefix(OUT))
        .flat_map(mean)
        .collect();
    let mut seen = BTreeSet::new();
    let named = words
        .iter()
        .filter(|word| !word.starts_with(OUT))
        .flat_map(|word| mean(word));
    named
        .filter(|account| !out.contains(account) && seen.insert(account.clone()))
        .collect()
}

/// Looks up the words for accounts that the profile uses. Only reads, and only if there is any word but `management`.
/// Called once, before the graph is built.
pub async fn look_up(world: &World) -> Result<(), Fault> {
    let words: BTreeSet<&str> = world
        .profile
        .assignment
        .iter()
        .flat_map(|assignment| assignment.accounts.iter())
        .map(|word| word.strip_prefix(OUT).unwrap_or(word))
        .collect();
    if words.iter().all(|word| *word == MANAGEMENT) {
        return Ok(());
    }
    let mut found = BTreeSet::new();
    for target in &world.targets {
        let (book, names) = read_book(&target.aws, &words).await?;
        found.extend(book.keys().cloned());
        // A second look-up in one process finds the book written already, and the same.
        let _ = target.accounts.0.set(book);
        let _ = target.accounts.1.set(names);
    }
    match words.into_iter().find(|word| !found.contains(*word)) {
        None => Ok(()),
        Some(word) => Err(Fault::new(Kind::Usage, format!("No account is known as `{word}`"))
            .why("the profile's assignments name it, and no AWS organization of the profile has it")
            .hint("Write an account's id or name, `management`, `all`, the path of an organizational unit such as `/Workloads`, or a tag such as `tag:stage=test`.")),
    }
}

type Names = BTreeMap<String, String>;

async fn read_book(aws: &Aws, words: &BTreeSet<&str>) -> Result<(BTreeMap<String, Vec<String>>, Names), Fault> {
    let organization = aws.organization().await?.ok_or_else(|| {
        Fault::new(
            Kind::NotFound,
            format!("The AWS account of `{}` belongs to no organization", aws.name()),
        )
        .hint("Sign in to the management account of the organization.")
    })?;
    let accounts = aws.accounts().await?;
    // AWS finds no accounts by tag: each is asked for its tags, once.
    let mut tagged = Vec::new();
    if words.iter().any(|word| word.starts_with(TAG)) {
        for account in accounts.iter().filter(|account| account.active) {
            tagged.push((account.id.clone(), aws.account_tags(&account.id).await?));
        }
    }
    let shown = |id: String| {
        if id == organization.management {
            MANAGEMENT.to_owned()
        } else {
            id
        }
    };
    let mut book = BTreeMap::new();
    for word in words {
        let chosen = match *word {
            MANAGEMENT => ids(accounts.iter().filter(|account| account.id == organization.management)),
            ALL => ids(accounts.iter().filter(|account| account.active)),
            tag if tag.starts_with(TAG) => {
                let (key, value) = tag[TAG.len()..].split_once('=').unwrap_or_default();
                let has = |tags: &BTreeMap<String, String>| tags.get(key).is_some_and(|found| found == value);
                let with = tagged.iter().filter(|(_, tags)| has(tags));
                with.map(|(id, _)| id.clone()).collect()
            }
            path if path.contains('/') => match aws.accounts_below(path).await {
                Ok(below) => ids(below.iter().filter(|account| account.active)),
                Err(fault) if fault.kind == Kind::Usage => continue,
                Err(fault) => return Err(fault),
            },
            one => match by_id_or_name(&accounts, one)? {
                Some(account) => vec![account.id.clone()],
                None => continue,
            },
        };
        book.insert((*word).to_owned(), chosen.into_iter().map(shown).collect());
    }
    let names = accounts
        .iter()
        .map(|account| (shown(account.id.clone()), account.name.clone()));
    Ok((book, names.collect()))
}

fn ids<'a>(accounts: impl Iterator<Item = &'a Account>) -> Vec<String> {
    accounts.map(|account| account.id.clone()).collect()
}

fn by_id_or_name<'a>(accounts: &'a [Account], word: &str) -> Result<Option<&'a Account>, Fault> {
    if let Some(account) = accounts.iter().find(|account| account.id == word) {
        return Ok(Some(account));
    }
    let mut named = accounts.iter().filter(|account| account.name == word);
    match (named.next(), named.next()) {
        (Some(one), Some(other)) => Err(Fault::new(Kind::Usage, format!("Several accounts are named `{word}`"))
            .why(format!("{} and {}", one.id, other.id))
            .hint("Write the account's id in the profile.")),
        (found, _) => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str, name: &str) -> Account {
        Account {
            id: id.into(),
            name: name.into(),
            active: true,
        }
    }

    #[test]
    fn a_name_that_two_accounts_have_is_no_answer() {
        let accounts = [
            account("111111111111", "dev"),
            account("222222222222", "dev"),
            account("333333333333", "prod"),
        ];
        assert_eq!(by_id_or_name(&accounts, "prod").unwrap().unwrap().id, "333333333333");
        assert_eq!(
            by_id_or_name(&accounts, "222222222222").unwrap().unwrap().id,
            "222222222222"
        );
        assert_eq!(by_id_or_name(&accounts, "dev").unwrap_err().kind, Kind::Usage);
        assert!(by_id_or_name(&accounts, "test").unwrap().is_none());
    }

    #[test]
    fn what_is_left_out_is_left_out_wherever_it_stands() {
        let book = AccountBook::default();
        let meaning = [
            ("all", vec!["1", "2", "3"]),
            ("/Old", vec!["2"]),
            ("Sandbox", vec!["3"]),
            ("prod", vec!["1"]),
        ];
        let meaning = meaning.map(|(word, ids)| (word.to_owned(), ids.into_iter().map(str::to_owned).collect()));
        book.0.set(BTreeMap::from(meaning)).unwrap();
        let chosen = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            chosen(Some(&book), &words).join(" ")
        };
        assert_eq!(chosen(&["all"]), "1 2 3");
        assert_eq!(chosen(&["!/Old", "all", "!Sandbox"]), "1");
        assert_eq!(chosen(&["prod", "all"]), "1 2 3");
        assert_eq!(chosen(&["prod", "!prod"]), "");
    }

    #[test]
    fn a_word_that_was_not_looked_up_stands_for_itself() {
        assert_eq!(AccountBook::default().accounts(MANAGEMENT), [MANAGEMENT]);
    }
}
