//! SAML metadata, of the identity provider and of the service provider.
//!
//! Files come from people and from the network, so they are read with care: bounded in size and depth, no document type,
//! no entities beyond XML's own five. What is merely unwise, such as a certificate that has expired, is a finding and not
//! an error: see [`IdpMetadata::findings`].

mod aws;
mod certificate;
mod parse;
mod tree;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

pub use aws::{Instance, ServiceProvider, check_service_provider, derived_issuer};
pub use certificate::Certificate;

use crate::fault::{Fault, Kind};

/// No metadata is longer: Entra's is about 70 KB, AWS's about 5 KB.
pub const METADATA_LIMIT: usize = 1024 * 1024;

/// How a message travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// A form that the browser posts.
    HttpPost,
    /// A redirect of the browser.
    HttpRedirect,
    /// Something else, by its URN.
    Other(String),
}

/// An address together with how messages travel to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// How.
    pub binding: Binding,
    /// Where.
    pub location: Url,
}

/// An address at which a service provider takes assertions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssertionConsumer {
    /// How.
    pub binding: Binding,
    /// Where.
    pub location: Url,
    /// Its number.
    pub index: Option<u32>,
    /// Whether it is the default.
    pub default: bool,
}

/// What an identity provider says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdpMetadata {
    /// Its entity id.
    pub entity_id: String,
    /// Where it takes sign-in requests.
    pub sign_on: Vec<Endpoint>,
    /// Where it takes sign-outs.
    pub sign_out: Vec<Endpoint>,
    /// Its signing certificates, all of them, in the order of the file.
    pub certificates: Vec<Certificate>,
}

/// What a service provider says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpMetadata {
    /// Its entity id.
    pub entity_id: String,
    /// Where it takes assertions, the default first, then by number.
    pub consumers: Vec<AssertionConsumer>,
    /// The NameID formats it asks for.
    pub name_id_formats: Vec<String>,
}

/// Something in metadata that can be read and is still unwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A signing certificate has expired.
    Expired(Certificate),
    /// A signing certificate is not valid yet.
    NotYet(Certificate),
    /// There are several signing certificates: so many.
    Several(usize),
}

impl IdpMetadata {
    /// Reads an identity provider's metadata.
    pub fn parse(xml: &[u8]) -> Result<Self, Fault> {
        parse::idp(xml)
    }

    /// Where it takes sign-in requests by this binding.
    pub fn sign_on_by(&self, binding: &Binding) -> Option<&Url> {
        self.sign_on
            .iter()
            .find(|endpoint| endpoint.binding == *binding)
            .map(|endpoint| &endpoint.location)
    }

    /// The certificate of this SHA-1 or SHA-256 thumbprint, in any writing.
    pub fn certificate(&self, thumbprint: &str) -> Option<&Certificate> {
        self.certificates
            .iter()
            .find(|certificate| certificate.has_thumbprint(thumbprint))
    }

    /// What is unwise about it at this time.
    pub fn findings(&self, now: Timestamp) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        for certificate in &self.certificates {
            if certificate.not_after <= now {
                findings.push(Finding::Expired(certificate.clone()));
            } else if certificate.not_before > now {
                findings.push(Finding::NotYet(certificate.clone()));
            }
        }
        if self.certificates.len() > 1 {
            findings.push(Finding::Several(self.certificates.len()));
        }
        findings
    }

    /// Refuses metadata of which no signing certificate is valid at this time: nobody could sign in with it.
    pub fn require_valid(&self, now: Timestamp) -> Result<(), Fault> {
        if self.certificates.iter().any(|certificate| certificate.is_valid(now)) {
            return Ok(());
        }
        let dates: Vec<String> = self
            .certificates
            .iter()
            .map(|it| format!("{} ended {}", it.sha1, it.not_after))
            .collect();
        Err(
            Fault::new(Kind::Refused, "No signing certificate in the metadata is valid now")
                .why(dates.join("; "))
                .hint("Make a new signing certificate for the application, and fetch its metadata again."),
        )
    }
}

impl SpMetadata {
    /// Reads a service provider's metadata.
    pub fn parse(xml: &[u8]) -> Result<Self, Fault> {
        parse::sp(xml)
    }

    /// All addresses at which it takes posted assertions, the default first.
    pub fn consumer_urls(&self) -> Vec<Url> {
        self.consumers
            .iter()
            .filter(|it| it.binding == Binding::HttpPost)
            .map(|it| it.location.clone())
            .collect()
    }
}

impl Finding {
    /// The finding in words.
    pub fn words(&self) -> String {
        match self {
            Self::Expired(it) => format!("The signing certificate {} expired on {}", it.sha1, it.not_after),
            Self::NotYet(it) => format!(
                "The signing certificate {} is valid only from {}",
                it.sha1, it.not_before
            ),
            Self::Several(count) => format!("The metadata holds {count} signing certificates; AWS takes all of them"),
        }
    }
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
