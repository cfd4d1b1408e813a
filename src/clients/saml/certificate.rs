//! A signing certificate: its dates and its thumbprints.

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use x509_cert::der::Decode;

use crate::fault::{Fault, Kind};

/// A signing certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The subject.
    pub subject: String,
    /// Valid from.
    pub not_before: Timestamp,
    /// Valid until.
    pub not_after: Timestamp,
    /// SHA-1 thumbprint, upper-case hex, as Entra shows it.
    pub sha1: String,
    /// SHA-256 thumbprint, upper-case hex.
    pub sha256: String,
    /// The certificate itself, DER in base64.
    pub der: String,
}

impl Certificate {
    /// Reads the base64 text of a certificate; blanks and line breaks inside do not matter.
    pub fn from_base64(text: &str) -> Result<Self, Fault> {
        let cannot = |why: String| Fault::new(Kind::Answer, "A certificate cannot be read").why(why);
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let der = BASE64_STANDARD
            .decode(compact)
            .map_err(|error| cannot(format!("it is not base64: {error}")))?;
        Self::from_der(&der).map_err(cannot)
    }

    /// Reads a certificate in DER.
    pub fn from_der(der: &[u8]) -> Result<Self, String> {
        let certificate = x509_cert::Certificate::from_der(der).map_err(|error| error.to_string())?;
        let tbs = certificate.tbs_certificate();
        let time = |time: x509_cert::time::Time| {
            let seconds = i64::try_from(time.to_unix_duration().as_secs()).map_err(|error| error.to_string())?;
            Timestamp::from_second(seconds).map_err(|error| error.to_string())
        };
        Ok(Self {
            subject: tbs.subject().to_string(),
            not_before: time(tbs.validity().not_before)?,
            not_after: time(tbs.validity().not_after)?,
            sha1: hex(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, der).as_ref()),
            sha256: hex(digest::digest(&digest::SHA256, der).as_ref()),
            der: BASE64_STANDARD.encode(der),
        })
    }

    /// Whether it is valid at this time.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.not_before <= now && now < self.not_after
    }

    /// Whether this is its thumbprint, SHA-1 or SHA-256, with or without colons, in any case.
    pub fn has_thumbprint(&self, thumbprint: &str) -> bool {
        let compact: String = thumbprint.chars().filter(char::is_ascii_hexdigit).collect();
        compact.eq_ignore_ascii_case(&self.sha1) || compact.eq_ignore_ascii_case(&self.sha256)
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02X}");
            text
        })
}
