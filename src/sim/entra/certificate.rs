//! Real X.509 certificates that come out the same for the same seed.
//!
//! The keys are fixed test keys (`assets/sim/signing-keys.pem`): they secure nothing. RSA signatures of PKCS #1 v1.5 have
//! no randomness in them, so with a fixed key, serial number and time the whole certificate, and with it the thumbprint,
//! is the same in each run.

use std::time::Duration;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, SerialNumber};
use x509_cert::der::Decode as _;

use super::ids::Ids;

static KEYS: &str = include_str!("../../../assets/sim/signing-keys.pem");

/// A certificate as Entra keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Certificate {
    /// `CN=…`
    pub subject: String,
    /// DER bytes.
    pub der: Vec<u8>,
    /// Valid from.
    pub starts: Timestamp,
    /// Valid until.
    pub ends: Timestamp,
    /// In the federation metadata from this time on.
    pub published: Timestamp,
    /// Id of the signing key.
    pub sign_key: String,
    /// Id of the verifying key.
    pub verify_key: String,
}

impl Certificate {
    /// A self-signed certificate.
    pub fn new(ids: &mut Ids, subject: &str, starts: Timestamp, ends: Timestamp, published: Timestamp) -> Self {
        let random = ids.bytes("certificate", subject);
        let pems: Vec<&str> = KEYS.split_inclusive("-----END PRIVATE KEY-----\n").collect();
        let key = pems[usize::from(random[0]) % pems.len()];
        let key = KeyPair::from_pkcs8_pem_and_sign_algo(key, &PKCS_RSA_SHA256).expect("the test keys are RSA keys");
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, subject.strip_prefix("CN=").unwrap_or(subject));
        let mut serial = random[1..17].to_vec();
        serial[0] &= 0x7f;
        serial[0] |= 0x01;
        params.serial_number = Some(SerialNumber::from(serial));
        // rcgen speaks `time`, and gives a way to make dates only: the hours are added.
        let date = |at: Timestamp| {
            let day = at.to_zoned(jiff::tz::TimeZone::UTC).date();
            let seconds = at.as_second().rem_euclid(86_400).unsigned_abs();
            rcgen::date_time_ymd(day.year().into(), day.month().unsigned_abs(), day.day().unsigned_abs())
                + Duration::from_secs(seconds)
        };
        params.not_before = date(starts);
        params.not_after = date(ends);
        let der = params
            .self_signed(&key)
            .expect("the parameters are whole")
            .der()
            .to_vec();
        Self {
            subject: subject.to_owned(),
            der,
            starts,
            ends,
            published,
            sign_key: ids.guid("sign-key", subject),
            verify_key: ids.guid("verify-key", subject),
        }
    }

    /// A certificate that a client made, with the ids of its signing and its verifying key; none if it is not one.
    pub fn brought(der: Vec<u8>, published: Timestamp, (sign_key, verify_key): (String, String)) -> Option<Self> {
        let read = x509_cert::Certificate::from_der(&der).ok()?;
        let tbs = read.tbs_certificate();
        let at = |time: x509_cert::time::Time| {
            Timestamp::from_second(i64::try_from(time.to_unix_duration().as_secs()).ok()?).ok()
        };
        Some(Self {
            subject: tbs.subject().to_string(),
            starts: at(tbs.validity().not_before)?,
            ends: at(tbs.validity().not_after)?,
            published,
            sign_key,
            verify_key,
            der,
        })
    }

    /// The certificate that signs for the tenant where an application has none of its own.
    pub fn tenant_wide(ids: &mut Ids, now: Timestamp) -> Self {
        let day = jiff::SignedDuration::from_hours(24);
        Self::new(
            ids,
            "CN=accounts.accesscontrol.windows.net",
            now - day * 100,
            now + day * 900,
            now - day * 100,
        )
    }

    /// SHA-1 in upper-case hexadecimal, as portals show it.
    pub fn thumbprint(&self) -> String {
        self.sha1().iter().map(|byte| format!("{byte:02X}")).collect()
    }

    /// What ties the three credentials together: base64 of the SHA-1.
    pub fn custom_key_identifier(&self) -> String {
        BASE64_STANDARD.encode(self.sha1())
    }

    /// The DER in base64.
    pub fn base64(&self) -> String {
        BASE64_STANDARD.encode(&self.der)
    }

    fn sha1(&self) -> Vec<u8> {
        digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der).as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_thumbprint() {
        let now: Timestamp = "2026-01-05T09:30:15Z".parse().unwrap();
        let day = jiff::SignedDuration::from_hours(24);
        let make = |seed| Certificate::new(&mut Ids::new(seed), "CN=fedwiz", now, now + day * 1095, now);
        assert_eq!(make(1), make(1));
        assert_ne!(make(1).thumbprint(), make(2).thumbprint());
        assert_eq!(make(1).thumbprint().len(), 40);
        let parsed = x509_cert::Certificate::from_der(&make(1).der).unwrap();
        let validity = parsed.tbs_certificate().validity();
        assert_eq!(
            validity.not_before.to_unix_duration().as_secs(),
            now.as_second().unsigned_abs()
        );
        assert_eq!(
            validity.not_after.to_unix_duration().as_secs(),
            (now + day * 1095).as_second().unsigned_abs()
        );
    }
}
