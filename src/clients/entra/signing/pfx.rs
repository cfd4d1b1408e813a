//! A PFX file (PKCS #12): a certificate and its private key under a password, the form in which Graph takes a signing key.
//!
//! The key is encrypted with AES-256 under PBKDF2 (PBES2, RFC 8018), the whole is sealed with an HMAC-SHA-256 (RFC 7292). The
//! certificate is no secret and lies open.

use aws_lc_rs::{
    cipher::{AES_256, AES_256_KEY_LEN, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    digest::{SHA256, digest},
    hmac,
    iv::FixedLength,
    pbkdf2,
};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::random;
use crate::fault::Fault;

/// How often a password is stirred before it opens anything. It is as long as a key, and used once.
const ROUNDS: u32 = 2048;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const NULL: &[u8] = &[0x05, 0];
/// `[0] EXPLICIT`
const INSIDE: u8 = 0xa0;

// Object identifiers, as they are encoded: PKCS #7 data, the two bags, the certificate's kind, the attribute that ties key and
// certificate together, and the algorithms.
const DATA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
const SHROUDED_KEY_BAG: &[u8] = &[0x06, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 2];
const CERT_BAG: &[u8] = &[0x06, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 3];
const X509_CERTIFICATE: &[u8] = &[0x06, 10, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 22, 1];
const LOCAL_KEY_ID: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 21];
const PBES2: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
const PBKDF2: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
const HMAC_SHA256: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 9];
const AES_256_CBC: &[u8] = &[0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42];
const SHA_256: &[u8] = &[0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];

/// The certificate and its key (PKCS #8), both DER, under an ASCII password.
pub(super) fn encode(certificate: &[u8], key: &[u8], password: &SecretString) -> Result<Vec<u8>, Fault> {
    let tie = tlv(
        SET,
        &[&tlv(SEQUENCE, &[LOCAL_KEY_ID, &tlv(SET, &[&tlv(OCTETS, &[&[1]])])])],
    );
    let open = tlv(
        SEQUENCE,
        &[X509_CERTIFICATE, &tlv(INSIDE, &[&tlv(OCTETS, &[certificate])])],
    );
    let certificates = tlv(SEQUENCE, &[&tlv(SEQUENCE, &[CERT_BAG, &tlv(INSIDE, &[&open]), &tie])]);
    let shrouded = encrypted(key, password)?;
    let keys = tlv(
        SEQUENCE,
        &[&tlv(SEQUENCE, &[SHROUDED_KEY_BAG, &tlv(INSIDE, &[&shrouded]), &tie])],
    );
    let safe = tlv(SEQUENCE, &[&data(&certificates), &data(&keys)]);

    let salt = random::<16>()?;
    let seal = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &sealing_key(password, &salt)), &safe);
    let hash = tlv(
        SEQUENCE,
        &[&tlv(SEQUENCE, &[SHA_256, NULL]), &tlv(OCTETS, &[seal.as_ref()])],
    );
    let mac = tlv(SEQUENCE, &[&hash, &tlv(OCTETS, &[&salt]), &rounds()]);
    Ok(tlv(SEQUENCE, &[&tlv(INTEGER, &[&[3]]), &data(&safe), &mac]))
}

/// The key as `EncryptedPrivateKeyInfo`.
fn encrypted(key: &[u8], password: &SecretString) -> Result<Vec<u8>, Fault> {
    let failed = |_| Fault::internal("The private key of the signing certificate cannot be encrypted");
    let (salt, iv) = (random::<16>()?, random::<16>()?);
    let mut secret = Zeroizing::new([0_u8; AES_256_KEY_LEN]);
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        ROUNDS.try_into().expect("more than none"),
        &salt,
        password.expose_secret().as_bytes(),
        &mut *secret,
    );
    let cipher = UnboundCipherKey::new(&AES_256, &*secret)
        .and_then(PaddedBlockEncryptingKey::cbc_pkcs7)
        .map_err(failed)?;
    // Room for the padding, so that no unencrypted copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(key.len() + 16));
    bytes.extend_from_slice(key);
    cipher
        .less_safe_encrypt(&mut *bytes, EncryptionContext::Iv128(FixedLength::from(iv)))
        .map_err(failed)?;
    let stirred = tlv(
        SEQUENCE,
        &[&tlv(OCTETS, &[&salt]), &rounds(), &tlv(SEQUENCE, &[HMAC_SHA256, NULL])],
    );
    let how = tlv(
        SEQUENCE,
        &[
            &tlv(SEQUENCE, &[PBKDF2, &stirred]),
            &tlv(SEQUENCE, &[AES_256_CBC, &tlv(OCTETS, &[&iv])]),
        ],
    );
    Ok(tlv(
        SEQUENCE,
        &[&tlv(SEQUENCE, &[PBES2, &how]), &tlv(OCTETS, &[&bytes])],
    ))
}

/// The key of the seal: RFC 7292, appendix B, for SHA-256, of which one block is enough.
fn sealing_key(password: &SecretString, salt: &[u8]) -> Zeroizing<Vec<u8>> {
    const BLOCK: usize = 64;
    const FOR_SEALS: u8 = 3;
    let wide = password.expose_secret().encode_utf16().chain([0]);
    let wide: Zeroizing<Vec<u8>> = Zeroizing::new(wide.flat_map(u16::to_be_bytes).collect());
    let filled = |bytes: &[u8]| -> Vec<u8> {
        let length = bytes.len().div_ceil(BLOCK) * BLOCK;
        bytes.iter().copied().cycle().take(length).collect()
    };
    let first: Zeroizing<Vec<u8>> = Zeroizing::new([vec![FOR_SEALS; BLOCK], filled(salt), filled(&wide)].concat());
    let mut key = Zeroizing::new(digest(&SHA256, &first).as_ref().to_vec());
    for _ in 1..ROUNDS {
        *key = digest(&SHA256, &key).as_ref().to_vec();
    }
    key
}

fn rounds() -> Vec<u8> {
    tlv(INTEGER, &[&ROUNDS.to_be_bytes()[2..]])
}

/// `ContentInfo` with these bytes as plain data.
fn data(bytes: &[u8]) -> Vec<u8> {
    tlv(SEQUENCE, &[DATA, &tlv(INSIDE, &[&tlv(OCTETS, &[bytes])])])
}

/// Tag, length, value.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length + 6);
    out.push(tag);
    match u8::try_from(length) {
        Ok(short @ 0..=0x7f) => out.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let from = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
            let long = &bytes[from..];
            out.push(0x80 | u8::try_from(long.len()).expect("a length has at most eight bytes"));
            out.extend_from_slice(long);
        }
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write as _,
        process::{Command, Stdio},
    };

    use base64::{Engine, prelude::BASE64_STANDARD};
    use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};

    use super::*;

    #[test]
    fn lengths_are_as_short_as_can_be() {
        assert_eq!(tlv(OCTETS, &[&[7]]), [4, 1, 7]);
        assert_eq!(tlv(OCTETS, &[&[0; 0x80]])[..3], [4, 0x81, 0x80]);
        assert_eq!(tlv(OCTETS, &[&[0; 0x1234]])[..4], [4, 0x82, 0x12, 0x34]);
    }

    /// Somebody else's reader opens it, with the right password only. Where there is none, nothing is compared.
    #[test]
    fn openssl_opens_it_and_finds_the_same_key_and_certificate() {
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let certificate = CertificateParams::default().self_signed(&pair).unwrap();
        let password = SecretString::from("correct-horse");
        let file = encode(certificate.der(), &pair.serialize_der(), &password).unwrap();
        let open = |password: &str, what: &[&str]| {
            let mut child = Command::new("openssl")
                .args(["pkcs12", "-nodes", "-passin", &format!("pass:{password}")])
                .args(what)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .ok()?;
            child.stdin.take()?.write_all(&file).ok()?;
            child.wait_with_output().ok()
        };
        let Some(key) = open("correct-horse", &["-nocerts"]) else {
            return;
        };
        let told = String::from_utf8_lossy(&key.stderr).into_owned();
        assert!(key.status.success(), "{told}");
        let holds = |output: Vec<u8>, der: &[u8]| {
            let found: String = String::from_utf8(output).unwrap().lines().collect();
            found.contains(&BASE64_STANDARD.encode(der))
        };
        assert!(holds(key.stdout, &pair.serialize_der()), "another key");
        let certs = open("correct-horse", &["-nokeys"]).unwrap();
        assert!(holds(certs.stdout, certificate.der()), "another certificate");
        assert!(!open("wrong", &["-nocerts"]).unwrap().status.success());
    }
}
