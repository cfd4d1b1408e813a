//! Who may sign in, and the tokens and codes handed out.
//!
//! Shared between the tenant and its past: a token is good at once, also where directory reads lag.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde::Deserialize;

/// An app registration that tools sign in with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Application (client) id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// A client secret; made from the seed if it is empty and wanted.
    #[serde(default)]
    pub secret: Option<String>,
    /// A certificate it may sign assertions with, in PEM.
    #[serde(default)]
    pub certificate: Option<String>,
    /// It trusts a workload identity issuer: any well-formed assertion will do.
    #[serde(default)]
    pub federated: bool,
    /// Public client flows are allowed (device code, browser).
    #[serde(default)]
    pub public: bool,
    /// Application permissions granted.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// Delegated scopes consented to.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// User principal name of the person who signs in when a person is asked.
    #[serde(default)]
    pub person: Option<String>,
}

/// What a token lets its bearer do.
#[derive(Debug, Clone)]
pub struct Token {
    /// The client it was issued to.
    pub client: String,
    /// Object id of the person, if there is one.
    pub user: Option<String>,
    /// Scopes or application permissions.
    pub grants: Vec<String>,
    /// Template ids of the person's directory roles.
    pub roles: Vec<String>,
    /// When it ends.
    pub expires: Timestamp,
}

/// A device code on its way.
#[derive(Debug, Clone)]
pub struct DeviceCode {
    /// The client that asked.
    pub client: String,
    /// What it asked for.
    pub scopes: Vec<String>,
    /// What the person types.
    pub user_code: String,
    /// The person is through at this time.
    pub ready: Timestamp,
    /// It is worth nothing after this time.
    pub expires: Timestamp,
    /// The last time somebody asked.
    pub polled: Option<Timestamp>,
    /// The person said no.
    pub declined: bool,
}

/// An authorization code.
#[derive(Debug, Clone)]
pub struct AuthCode {
    /// The client that asked.
    pub client: String,
    /// What it asked for.
    pub scopes: Vec<String>,
    /// Where the code was sent.
    pub redirect: String,
    /// The PKCE challenge (S256).
    pub challenge: String,
    /// It is worth nothing after this time.
    pub expires: Timestamp,
}

/// A refresh token.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// The client it was issued to.
    pub client: String,
    /// The person.
    pub user: String,
    /// What it is good for.
    pub scopes: Vec<String>,
}

/// The books of the token endpoint.
#[derive(Debug, Default)]
pub struct Books {
    /// App registrations by client id.
    pub clients: BTreeMap<String, Client>,
    /// Access tokens.
    pub tokens: BTreeMap<String, Token>,
    /// Device codes.
    pub device_codes: BTreeMap<String, DeviceCode>,
    /// Authorization codes.
    pub auth_codes: BTreeMap<String, AuthCode>,
    /// Refresh tokens.
    pub refresh: BTreeMap<String, Refresh>,
}

/// The books, shared by a tenant and its copies.
#[derive(Debug, Clone, Default)]
pub struct Login(Arc<Mutex<Books>>);

impl Login {
    /// Opens the books.
    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The registration of a client.
    pub fn client(&self, id: &str) -> Option<Client> {
        let books = self.books();
        books.clients.values().find(|c| c.id.eq_ignore_ascii_case(id)).cloned()
    }

    /// The registration a profile should use: the first by name.
    pub fn first(&self) -> Option<Client> {
        self.books().clients.values().min_by_key(|c| c.name.clone()).cloned()
    }
}
