//! A signing certificate made on this machine, for clouds whose Graph makes none: the key pair, the certificate, and the three
//! credentials that stand for it on the service principal.
//!
//! The private key lives in memory only, from here to the body of one request. It is never kept: whoever needs another one
//! makes another one.
//!
//! Source: <https://learn.microsoft.com/graph/application-saml-sso-configure-api>, "custom signing key".

mod pfx;

use std::time::Duration;

use aws_lc_rs::{
    digest::{SHA1_FOR_LEGACY_USE_ONLY, digest},
    rand,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize, SerialNumber,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{fault::Fault, secrets::remember};

/// How long it is valid: as long as one that Graph makes.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 365 * 3);

/// A certificate and its key, as they are sent.
pub(super) struct OwnCertificate {
    name: String,
    der: Vec<u8>,
    pfx: SecretString,
    password: SecretString,
    begins: Timestamp,
    ends: Timestamp,
    sign_key: Uuid,
    verify_key: Uuid,
}

impl OwnCertificate {
    /// A self-signed certificate of this name, which begins with `CN=`, valid from now on.
    pub(super) fn make(name: &str, now: Timestamp) -> Result<Self, Fault> {
        let failed = |what: &str, why: String| Fault::internal(format!("The signing certificate {what}")).why(why);
        // Certificates know no parts of seconds.
        let begins = now - SignedDuration::from_nanos(now.subsec_nanosecond().into());
        let ends = begins + LIFE;
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)
            .map_err(|error| failed("gets no key", error.to_string()))?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let common = name.strip_prefix("CN=").unwrap_or(name);
        params.distinguished_name.push(DnType::CommonName, common);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let mut serial = random::<16>()?;
        serial[0] = serial[0] & 0x7f | 0x01;
        params.serial_number = Some(SerialNumber::from(serial.to_vec()));
        // rcgen speaks another crate's dates, and gives a way to make whole days: the rest of the day is added.
        let date = |at: Timestamp| {
            let day = at.to_zoned(TimeZone::UTC).date();
            let seconds = at.as_second().rem_euclid(86_400).unsigned_abs();
            rcgen::date_time_ymd(day.year().into(), day.month().unsigned_abs(), day.day().unsigned_abs())
                + Duration::from_secs(seconds)
        };
        params.not_before = date(begins);
        params.not_after = date(ends);
        let der = params
            .self_signed(&pair)
            .map_err(|error| failed("is not signed", error.to_string()))?
            .der()
            .to_vec();
        let password = SecretString::from(hex(&*Zeroizing::new(random::<24>()?)));
        remember(&password);
        let key = Zeroizing::new(pair.serialize_der());
        let bytes = Zeroizing::new(pfx::encode(&der, &key, &password)?);
        let pfx = SecretString::from(BASE64_STANDARD.encode(&*bytes));
        remember(&pfx);
        Ok(Self {
            name: name.to_owned(),
            der,
            pfx,
            password,
            begins,
            ends,
            sign_key: id()?,
            verify_key: id()?,
        })
    }

    /// What ties its three credentials together: base64 of the SHA-1 thumbprint, as on one that Graph makes.
    pub(super) fn custom_key_identifier(&self) -> String {
        BASE64_STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der))
    }

    /// Its SHA-1 thumbprint, upper-case hexadecimal.
    pub(super) fn thumbprint(&self) -> String {
        hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der).as_ref()).to_ascii_uppercase()
    }

    /// When it ends.
    pub(super) fn ends(&self) -> Timestamp {
        self.ends
    }

    /// The keys to add: the one that signs, with its private half, and the one that verifies.
    pub(super) fn keys(&self) -> [Value; 2] {
        let entry = |id: &Uuid, kind: &str, usage: &str, key: &str| {
            json!({
                "customKeyIdentifier": self.custom_key_identifier(), "displayName": self.name, "keyId": id,
                "startDateTime": self.begins, "endDateTime": self.ends, "type": kind, "usage": usage, "key": key,
            })
        };
        [
            entry(&self.sign_key, "X509CertAndPassword", "Sign", self.pfx.expose_secret()),
            entry(
                &self.verify_key,
                "AsymmetricX509Cert",
                "Verify",
                &BASE64_STANDARD.encode(&self.der),
            ),
        ]
    }

    /// The password to add: that of the private half.
    pub(super) fn password(&self) -> Value {
        json!({
            "customKeyIdentifier": self.custom_key_identifier(), "displayName": self.name, "keyId": self.sign_key,
            "startDateTime": self.begins, "endDateTime": self.ends, "secretText": self.password.expose_secret(),
        })
    }
}

fn random<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Fault::internal("the system gives no random bytes"))?;
    Ok(bytes)
}

fn id() -> Result<Uuid, Fault> {
    Ok(uuid::Builder::from_random_bytes(random()?).into_uuid())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use x509_cert::der::Decode as _;

    use super::*;

    #[test]
    fn the_three_credentials_belong_together_and_the_private_key_is_in_one_of_them() {
        let now: Timestamp = "2026-01-05T09:30:15.5Z".parse().unwrap();
        let made = OwnCertificate::make("CN=fedwiz contoso", now).unwrap();
        let ([sign, verify], password) = (made.keys(), made.password());
        for entry in [&sign, &verify, &password] {
            assert_eq!(entry["customKeyIdentifier"], made.custom_key_identifier());
            assert_eq!(entry["startDateTime"], "2026-01-05T09:30:15Z");
        }
        assert_eq!(sign["keyId"], password["keyId"]);
        assert_ne!(sign["keyId"], verify["keyId"]);
        let der = BASE64_STANDARD.decode(verify["key"].as_str().unwrap()).unwrap();
        let read = x509_cert::Certificate::from_der(&der).unwrap();
        assert_eq!(read.tbs_certificate().subject().to_string(), "CN=fedwiz contoso");
        let ends = read.tbs_certificate().validity().not_after.to_unix_duration().as_secs();
        assert_eq!(ends, made.ends().as_second().unsigned_abs());
        assert_eq!(made.thumbprint().len(), 40);
    }

    #[test]
    fn two_are_never_the_same() {
        let make = || OwnCertificate::make("CN=fedwiz", Timestamp::UNIX_EPOCH).unwrap();
        let (one, two) = (make(), make());
        assert_ne!(one.thumbprint(), two.thumbprint());
        assert_ne!(one.password.expose_secret(), two.password.expose_secret());
    }
}
