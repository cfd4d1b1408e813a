//! `KeyringStore`: the operating system's keyring.
//!
//! A keyring may block for as long as a person looks at its prompt, so every call runs off the async threads and has a time-out.
//! That a secret can be read proves nothing: a Secret Service whose collection was never made says "no entry", and refuses to
//! keep one. So the store is opened by writing, reading and removing a sentinel.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use keyring_core::{Entry, Error};
use secrecy::{ExposeSecret, SecretString};

use super::{SecretRef, SecretStore, remember};
use crate::fault::{Fault, Kind};

/// The name under which the keyring lists our secrets.
const SERVICE: &str = "fedwiz";

/// How long a person may look at the keyring's prompt.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The choices that remain when no keyring answers.
const CHOICES: &str =
    "`--token-store env` (read from FEDWIZ_SCIM_TOKEN) or `--token-store memory` (gone when this run ends)";

type MakeEntry = dyn Fn(&str) -> Result<Entry, Error> + Send + Sync;

/// Secrets in the operating system's keyring: Secret Service, Keychain or Credential Manager.
pub struct KeyringStore {
    entry: Arc<MakeEntry>,
    patience: Duration,
}

impl KeyringStore {
    /// The operating system's keyring, after it has kept, shown and forgotten a sentinel.
    pub async fn open() -> Result<Self, Fault> {
        Self::probed(Arc::new(system_entry), PATIENCE).await
    }

    /// A given store instead of the operating system's, probed the same way.
    pub async fn over(store: Arc<keyring_core::CredentialStore>, patience: Duration) -> Result<Self, Fault> {
        Self::probed(Arc::new(move |name| store.build(SERVICE, name, None)), patience).await
    }

    async fn probed(entry: Arc<MakeEntry>, patience: Duration) -> Result<Self, Fault> {
        let keyring = Self { entry, patience };
        // Other processes may probe at the same time, so each has a sentinel of its own.
        let name = SecretRef::sentinel();
        let value = format!("{:032x}", fastrand::u128(..));
        let wanted = value.clone();
        let name_here = format!("{name}/{}", &value[..12]);
        keyring
            .off_thread("probe", move |make| {
                let entry = make(&name_here)?;
                entry.set_secret(value.as_bytes())?;
                let read = entry.get_secret();
                let forgotten = entry.delete_credential();
                let same = read? == wanted.as_bytes();
                forgotten?;
                Ok(same)
            })
            .await
            .and_then(|same| {
                if same {
                    Ok(keyring)
                } else {
                    Err(
                        Fault::new(Kind::Secrets, "the keyring does not give back what it was given")
                            .hint(format!("Repair the keyring, or use {CHOICES}.")),
                    )
                }
            })
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&MakeEntry) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Fault> {
        let entry = Arc::clone(&self.entry);
        let task = tokio::task::spawn_blocking(move || work(&*entry));
        match tokio::time::timeout(self.patience, task).await {
            Ok(Ok(Ok(value))) => Ok(value),
            Ok(Ok(Err(error))) => Err(fault(doing, &error)),
            Ok(Err(_)) => Err(Fault::new(Kind::Secrets, "the keyring library failed")
                .hint(format!("Use {CHOICES}, and please report this."))),
            Err(_) => Err(Fault::new(
                Kind::Secrets,
                format!(
                    "the keyring did not answer within {} seconds",
                    self.patience.as_secs_f32()
                ),
            )
            .code("keyring-timed-out")
            .why("it may be waiting for its password in a window that nobody sees")
            .hint(format!(
                "Unlock the keyring and run the same command again, or use {CHOICES}."
            ))),
        }
    }
}

/// An entry of the operating system's keyring.
fn system_entry(name: &str) -> Result<Entry, Error> {
    if let Err(error) = keyring::Entry::store_status() {
        // The error is kept for the whole process and cannot be cloned, so its text goes on.
        return Err(Error::PlatformFailure(format!("{error:?}").into()));
    }
    keyring::Entry::new(SERVICE, name).map(|entry| entry.inner)
}

/// The known causes, told apart, each with what to do.
fn fault(doing: &str, error: &Error) -> Fault {
    let told = format!("{error:?}");
    let cause = Cause::of(error, &told);
    Fault::new(Kind::Secrets, format!("the keyring cannot be used: {}", cause.what()))
        .code(cause.code())
        .why(super::redact(&format!("{doing}: {error}")))
        .hint(format!("{}, or use {CHOICES}.", cause.remedy()))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    NoBus,
    NoProvider,
    NeverCreated,
    Locked,
    TooLong,
    Other,
}

impl Cause {
    fn of(error: &Error, told: &str) -> Self {
        match error {
            Error::NoStorageAccess(_) if told.contains("Prompt") || told.contains("Locked") => Self::Locked,
            Error::NoStorageAccess(_) if told.contains("NoResult") => Self::NeverCreated,
            Error::NoStorageAccess(_) => Self::Locked,
            Error::TooLong(..) => Self::TooLong,
            _ if told.contains("ServiceUnknown") || told.contains("org.freedesktop.secrets") => Self::NoProvider,
            _ if told.contains("NotFound") && told.contains("bus") || told.contains("Connection") => Self::NoBus,
            _ if told.contains("InputOutput") || told.contains("Address") => Self::NoBus,
            _ => Self::Other,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::NoBus => "keyring-no-bus",
            Self::NoProvider => "keyring-no-provider",
            Self::NeverCreated => "keyring-never-created",
            Self::Locked => "keyring-locked",
            Self::TooLong => "keyring-too-long",
            Self::Other => "keyring-failed",
        }
    }

    fn what(self) -> &'static str {
        match self {
            Self::NoBus => "there is no D-Bus session (common in containers and over SSH)",
            Self::NoProvider => "the D-Bus session has no Secret Service",
            Self::NeverCreated => "no keyring was ever created for this user",
            Self::Locked => "it is locked, and nobody is there to unlock it",
            Self::TooLong => "the secret is longer than it can hold",
            Self::Other => "it refuses",
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::NoBus => "Run in a desktop session, or under `dbus-run-session` with a keyring daemon",
            Self::NoProvider => "Install and start gnome-keyring, KWallet or another Secret Service",
            Self::NeverCreated => {
                "Create a default keyring (log in to the desktop once, or run `gnome-keyring-daemon --unlock`)"
            }
            Self::Locked => "Unlock the keyring (log in to the desktop, or run `gnome-keyring-daemon --unlock`)",
            Self::TooLong | Self::Other => "Look at the keyring's own log",
        }
    }
}

impl fmt::Debug for KeyringStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyringStore")
    }
}

#[async_trait]
impl SecretStore for KeyringStore {
    async fn get(&self, name: &SecretRef) -> Result<Option<SecretString>, Fault> {
        let name = name.clone();
        let bytes = self
            .off_thread("read", move |make| match make(name.as_str())?.get_secret() {
                Ok(bytes) => Ok(Some(bytes)),
                Err(Error::NoEntry) => Ok(None),
                Err(error) => Err(error),
            })
            .await?;
        let Some(bytes) = bytes else { return Ok(None) };
        let text = String::from_utf8(bytes)
            .map_err(|_| Fault::new(Kind::Secrets, "the keyring holds something that fedwiz did not write"))?;
        let secret = SecretString::from(text);
        remember(&secret);
        Ok(Some(secret))
    }

    async fn set(&self, name: &SecretRef, value: &SecretString) -> Result<(), Fault> {
        remember(value);
        let (name, value) = (name.clone(), value.clone());
        self.off_thread("write", move |make| {
            make(name.as_str())?.set_secret(value.expose_secret().as_bytes())
        })
        .await
    }

    async fn delete(&self, name: &SecretRef) -> Result<bool, Fault> {
        let name = name.clone();
        self.off_thread("forget", move |make| match make(name.as_str())?.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(error),
        })
        .await
    }

    fn opens_to_its_owner(&self) -> bool {
        true
    }

    fn place(&self) -> &'static str {
        "the keyring"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(future)
    }

    #[test]
    fn a_store_that_keeps_the_sentinel_keeps_secrets() {
        run(async {
            let mock: Arc<keyring_core::CredentialStore> = keyring_core::mock::Store::new().unwrap();
            let keyring = KeyringStore::over(mock, PATIENCE).await.unwrap();
            let name = SecretRef::scim_token("contoso", "aws");
            assert!(keyring.get(&name).await.unwrap().is_none());
            keyring.set(&name, &"a-token-value".into()).await.unwrap();
            assert_eq!(
                keyring.get(&name).await.unwrap().unwrap().expose_secret(),
                "a-token-value"
            );
            assert!(keyring.delete(&name).await.unwrap());
            assert!(!keyring.delete(&name).await.unwrap());
        });
    }

    #[test]
    fn a_store_that_hangs_is_given_up_on() {
        run(async {
            let hang: Arc<MakeEntry> = Arc::new(|_| {
                std::thread::sleep(Duration::from_millis(400));
                Err(Error::NoEntry)
            });
            let fault = KeyringStore::probed(hang, Duration::from_millis(20)).await.unwrap_err();
            assert_eq!(fault.code.as_deref(), Some("keyring-timed-out"));
        });
    }

    #[test]
    fn the_known_causes_are_told_apart() {
        let platform = |text: &str| Error::PlatformFailure(text.to_owned().into());
        let access = |text: &str| Error::NoStorageAccess(text.to_owned().into());
        for (error, code) in [
            (
                platform("Zbus(InputOutput(Os { code: 2, kind: NotFound })) /run/user/0/bus not found"),
                "keyring-no-bus",
            ),
            (
                platform("Zbus(MethodError(ServiceUnknown, org.freedesktop.secrets was not provided))"),
                "keyring-no-provider",
            ),
            (access("NoResult"), "keyring-never-created"),
            (access("Prompt"), "keyring-locked"),
            (Error::TooLong("secret".into(), 2560), "keyring-too-long"),
            (platform("gremlins"), "keyring-failed"),
        ] {
            let fault = fault("write", &error);
            assert_eq!(fault.code.as_deref(), Some(code), "{error:?}");
            assert_eq!(fault.kind, Kind::Secrets);
            assert!(fault.hint.contains("--token-store env"));
        }
    }
}
