//! `SignIn`: who signs in where; and `Way`: how.

use std::{fmt, path::PathBuf, sync::Arc};

use azure_core::credentials::TokenCredential;
use secrecy::SecretString;
use url::Url;

use super::{
    Prompter, Tokens,
    certificate::SigningKey,
    chain::Chain,
    interactive::{Flow, Interactive},
    library::Library,
};
use crate::{
    clients::http::{Http, is_loopback},
    fault::{Fault, Kind},
};

/// A way of signing in. Secrets come in already read: from where is the caller's business.
#[derive(Clone)]
pub enum Way {
    /// An application with a client secret.
    ClientSecret(SecretString),
    /// An application with a certificate: PEM of certificate and private key, in one text.
    ClientCertificate(SecretString),
    /// Whoever `az login` signed in.
    AzureCli,
    /// The identity of the machine in Azure; user-assigned if the client id is given.
    ManagedIdentity,
    /// A token of a Kubernetes service account or a pipeline, in this file; by default what `AZURE_FEDERATED_TOKEN_FILE`
    /// names.
    WorkloadIdentity(Option<PathBuf>),
    /// A code typed on another device.
    DeviceCode,
    /// The browser of this machine.
    Browser,
    /// These in turn, until one works.
    Chain(Vec<Way>),
}

impl Way {
    /// Its name in the profile.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ClientSecret(_) => "client-secret",
            Self::ClientCertificate(_) => "client-certificate",
            Self::AzureCli => "azure-cli",
            Self::ManagedIdentity => "managed-identity",
            Self::WorkloadIdentity(_) => "workload-identity",
            Self::DeviceCode => "device-code",
            Self::Browser => "browser",
            Self::Chain(_) => "chain",
        }
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who signs in where.
#[derive(Clone)]
pub struct SignIn {
    /// The HTTP client that everything goes through.
    pub http: Http,
    /// The sign-in service: a cloud's, or a simulator's on this machine.
    pub login: Url,
    /// The tenant, by id or domain.
    pub tenant: String,
    /// The application that signs in. Azure CLI needs none.
    pub client_id: Option<String>,
    /// What shows codes and addresses to a person.
    pub prompter: Arc<dyn Prompter>,
}

impl SignIn {
    /// Tokens for `scope`, got this way.
    pub fn tokens(&self, way: &Way, scope: impl Into<String>) -> Result<Tokens, Fault> {
        let credential = self.credential(way)?;
        Ok(Tokens::new(self.http.clock().clone(), credential, scope))
    }

    /// A credential for this way. What can be checked without asking anyone is checked here.
    pub fn credential(&self, way: &Way) -> Result<Arc<dyn TokenCredential>, Fault> {
        if self.login.scheme() != "https" && !is_loopback(&self.login) {
            return Err(Fault::new(Kind::Usage, "The sign-in address is not https")
                .why(format!("{} is neither https nor on this machine", self.login))
                .hint("Correct `login` under [endpoints] in the profile."));
        }
        let sign_in = self.clone();
        Ok(match way {
            Way::ClientSecret(secret) => Arc::new(Library::client_secret(sign_in, secret.clone())?),
            Way::ClientCertificate(pem) => Arc::new(Library::certificate(sign_in, SigningKey::from_pem(pem)?)?),
            Way::AzureCli => Arc::new(Library::azure_cli(sign_in)),
            Way::ManagedIdentity => Arc::new(Library::managed_identity(sign_in)),
            Way::WorkloadIdentity(file) => Arc::new(Library::workload_identity(sign_in, file.clone())),
            Way::DeviceCode => Arc::new(Interactive::new(sign_in, Flow::DeviceCode)?),
            Way::Browser => Arc::new(Interactive::new(sign_in, Flow::Browser)?),
            Way::Chain(ways) => {
                let links = ways.iter().map(|way| (way.name(), self.credential(way)));
                Arc::new(Chain::new(links.collect()))
            }
        })
    }

    pub(super) fn client_id(&self) -> Result<String, Fault> {
        self.client_id.clone().filter(|id| !id.is_empty()).ok_or_else(|| {
            Fault::new(Kind::Usage, "No application is named to sign in with").hint(
                "Register an application in the tenant and set `client_id` under [entra] in the profile to its \
                 application (client) id.",
            )
        })
    }

    /// An address of the sign-in service for this tenant: `authorize`, `token`, `devicecode`.
    pub(super) fn endpoint(&self, name: &str) -> String {
        let login = self.login.as_str().trim_end_matches('/');
        format!("{login}/{}/oauth2/v2.0/{name}", self.tenant)
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("login", &self.login.as_str())
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// A fault in the shape the library's trait wants; [`super::super::error::sign_in_fault`] takes it out again.
pub(super) fn carried(fault: Fault) -> azure_core::Error {
    let text = fault.to_string();
    azure_core::Error::with_error(azure_core::error::ErrorKind::Credential, fault, text)
}
