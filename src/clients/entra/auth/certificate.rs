//! `SigningKey`: a certificate and its private key, which sign the assertions that stand for an application.

use std::fmt;

use aws_lc_rs::{
    digest,
    rand::SystemRandom,
    rsa::KeyPair,
    signature::{self, KeyPair as _},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use x509_cert::der::Decode;
use zeroize::Zeroizing;

use crate::fault::{Fault, Kind};

/// How long an assertion is good for.
const LIFE: SignedDuration = SignedDuration::from_mins(10);

/// A certificate and its RSA private key.
pub struct SigningKey {
    key: KeyPair,
    /// SHA-256 of the certificate, as the assertion's header names it.
    thumbprint: String,
    not_after: Timestamp,
}

impl SigningKey {
    /// Reads both from PEM, in either order; the first certificate counts.
    pub fn from_pem(pem: &SecretString) -> Result<Self, Fault> {
        let text = pem.expose_secret();
        let mut certificate = None;
        let mut key = None;
        for (label, der) in blocks(text)? {
            match label {
                "CERTIFICATE" if certificate.is_none() => certificate = Some(der),
                "PRIVATE KEY" => key = Some(KeyPair::from_pkcs8(&der)),
                "RSA PRIVATE KEY" => key = Some(KeyPair::from_der(&der)),
                "ENCRYPTED PRIVATE KEY" => {
                    return Err(cannot("its private key is encrypted").hint(
                        "Decrypt it into a file only you can read: `openssl pkcs8 -in key.pem -out plain.pem`, or keep the \
                         key in a managed or workload identity instead.",
                    ));
                }
                "EC PRIVATE KEY" => return Err(cannot("its key is not an RSA key, and Entra takes RSA only")),
                _ => {}
            }
        }
        let der = certificate.ok_or_else(|| cannot("it holds no CERTIFICATE block"))?;
        let key = key
            .ok_or_else(|| cannot("it holds no PRIVATE KEY block"))?
            .map_err(|error| cannot(&format!("its private key is not a usable RSA key: {error}")))?;
        let parsed = x509_cert::Certificate::from_der(&der)
            .map_err(|error| cannot(&format!("its certificate cannot be read: {error}")))?;
        let tbs = parsed.tbs_certificate();
        let public = tbs.subject_public_key_info().subject_public_key.raw_bytes();
        if public != key.public_key().as_ref() {
            return Err(cannot("its private key does not belong to its certificate"));
        }
        let seconds = i64::try_from(tbs.validity().not_after.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
        Ok(Self {
            key,
            thumbprint: BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &der)),
            not_after: Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX),
        })
    }

    /// A signed assertion (PS256) that `client` is who asks at `audience`, good for ten minutes from `now`.
    /// Source: <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>.
    pub(super) fn assertion(&self, client: &str, audience: &str, id: &str, now: Timestamp) -> Result<String, Fault> {
        if self.not_after <= now {
            return Err(Fault::new(Kind::SignIn, "The certificate to sign in with has expired")
                .why(format!("it ended {}", self.not_after))
                .hint(
                    "Make a new certificate, upload its public part to the application, and name it in the profile.",
                ));
        }
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let claims = json!({
            "aud": audience,
            "iss": client,
            "sub": client,
            "jti": id,
            "nbf": now.as_second(),
            "iat": now.as_second(),
            "exp": (now + LIFE).as_second(),
        });
        let encode = |value: &serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(&header), encode(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &signature::RSA_PSS_SHA256,
                &SystemRandom::new(),
                message.as_bytes(),
                &mut signature,
            )
            .map_err(|_| Fault::new(Kind::SignIn, "The certificate's private key does not sign"))?;
        Ok(format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("thumbprint", &self.thumbprint)
            .finish_non_exhaustive()
    }
}

fn cannot(why: &str) -> Fault {
    Fault::new(Kind::Usage, "The file with certificate and key cannot be used")
        .why(why.to_owned())
        .hint("It must hold both in PEM form. From a PFX file: `openssl pkcs12 -in file.pfx -out file.pem -nodes`.")
}

/// A block of a PEM text: label and content.
type Block<'a> = (&'a str, Zeroizing<Vec<u8>>);

fn blocks(text: &str) -> Result<Vec<Block<'_>>, Fault> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("-----BEGIN ") {
        rest = &rest[at + "-----BEGIN ".len()..];
        let (label, after) = rest
            .split_once("-----")
            .ok_or_else(|| cannot("a block of it has no label"))?;
        let end = format!("-----END {label}-----");
        let (body, after) = after
            .split_once(&end)
            .ok_or_else(|| cannot("a block of it has no end"))?;
        if body.contains("Proc-Type:") {
            return Err(cannot("its private key is encrypted")
                .hint("Decrypt it first: `openssl rsa -in key.pem -out plain.pem`."));
        }
        let compact = Zeroizing::new(body.chars().filter(|c| !c.is_whitespace()).collect::<String>());
        let der = BASE64_STANDARD
            .decode(compact.as_bytes())
            .map_err(|_| cannot(&format!("its {label} block is not base64")))?;
        found.push((label, Zeroizing::new(der)));
        rest = after;
    }
    Ok(found)
}
