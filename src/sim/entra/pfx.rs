//! Opens a PFX file (PKCS #12, RFC 7292) far enough to tell whether it is one: its seal must fit the password, and it must hold
//! the certificate that it is said to hold, and a private key.

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac,
};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const INSIDE: u8 = 0xa0;
const OBJECT: u8 = 0x06;

/// pkcs-12-PKCS-8ShroudedKeyBagId
const SHROUDED_KEY_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 2];
const SHA_256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];

/// Why this is no PFX file of this certificate under this password; none if it is one.
pub fn trouble(file: &[u8], password: &str, certificate: &[u8]) -> Option<&'static str> {
    let Some((safe, seal)) = opened(file) else {
        return Some("it is not a PFX file sealed with SHA-256");
    };
    let key = sealing_key(password, seal.salt, seal.rounds);
    if hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), safe, seal.mac).is_err() {
        return Some("the password does not open it");
    }
    let holds = |part: &[u8]| safe.windows(part.len()).any(|window| window == part);
    if !holds(SHROUDED_KEY_BAG) {
        return Some("it holds no private key");
    }
    (!holds(certificate)).then_some("it holds another certificate")
}

struct Seal<'a> {
    mac: &'a [u8],
    salt: &'a [u8],
    rounds: u32,
}

fn opened(file: &[u8]) -> Option<(&[u8], Seal<'_>)> {
    let (whole, rest) = take(file, SEQUENCE)?;
    let (version, whole) = take(whole, INTEGER)?;
    if version != [3] || !rest.is_empty() {
        return None;
    }
    let (content, whole) = take(whole, SEQUENCE)?;
    let (_, content) = take(content, OBJECT)?;
    let (inside, _) = take(content, INSIDE)?;
    let (safe, _) = take(inside, OCTETS)?;
    let (sealed, _) = take(whole, SEQUENCE)?;
    let (hash, sealed) = take(sealed, SEQUENCE)?;
    let (algorithm, hash) = take(hash, SEQUENCE)?;
    let (algorithm, _) = take(algorithm, OBJECT)?;
    let (mac, _) = take(hash, OCTETS)?;
    let (salt, sealed) = take(sealed, OCTETS)?;
    let (rounds, _) = take(sealed, INTEGER)?;
    let rounds = rounds
        .iter()
        .try_fold(0_u32, |sum, byte| sum.checked_mul(256)?.checked_add((*byte).into()))?;
    (algorithm == SHA_256 && (1..=1_000_000).contains(&rounds)).then_some((safe, Seal { mac, salt, rounds }))
}

/// The value of the next element, which must have this tag, and what comes after it.
fn take(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        short @ 0..=0x7f => (usize::from(*short), rest),
        long => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (
                digits
                    .iter()
                    .try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add((*byte).into()))?,
                rest,
            )
        }
    };
    rest.split_at_checked(length).filter(|_| *first == tag)
}

/// RFC 7292, appendix B.2, purpose 3, SHA-256.
fn sealing_key(password: &str, salt: &[u8], rounds: u32) -> Vec<u8> {
    let mut input = vec![3_u8; 64];
    let password: Vec<u8> = password.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect();
    for part in [salt, &password] {
        let blocks = part.len().div_ceil(64);
        input.extend(part.iter().cycle().take(blocks * 64));
    }
    (0..rounds).fold(input, |hashed, _| digest(&SHA256, &hashed).as_ref().to_vec())
}
