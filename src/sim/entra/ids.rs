//! Ids that are the same for the same seed, whatever order the requests come in.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

/// Makes ids from a seed, a kind and a natural key: the nth user of one name always gets the same id.
#[derive(Debug, Clone, Default)]
pub struct Ids {
    seed: u64,
    made: BTreeMap<String, u64>,
}

impl Ids {
    /// Ids of this seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            made: BTreeMap::new(),
        }
    }

    /// A fresh GUID for something of this kind and name.
    pub fn guid(&mut self, kind: &str, key: &str) -> String {
        let bytes = self.bytes(kind, key);
        let half: [u8; 16] = bytes[..16].try_into().expect("a digest has 32 bytes");
        uuid::Builder::from_random_bytes(half).into_uuid().to_string()
    }

    /// A fresh opaque text of 43 characters, as the vendor uses for assignment ids and tokens.
    pub fn opaque(&mut self, kind: &str, key: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.bytes(kind, key))
    }

    /// Thirty-two fresh bytes.
    pub fn bytes(&mut self, kind: &str, key: &str) -> [u8; 32] {
        let name = format!("{kind}/{key}");
        let n = self.made.entry(name.clone()).or_default();
        *n += 1;
        let text = format!("{}/{name}/{n}", self.seed);
        digest(&SHA256, text.as_bytes())
            .as_ref()
            .try_into()
            .expect("SHA-256 has 32 bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_depend_on_name_and_seed_and_not_on_order() {
        let (mut one, mut other) = (Ids::new(7), Ids::new(7));
        let (a, b) = (one.guid("user", "a"), one.guid("user", "b"));
        let (b2, a2) = (other.guid("user", "b"), other.guid("user", "a"));
        assert_eq!((&a, &b), (&a2, &b2));
        assert_ne!(one.guid("user", "a"), a);
        assert_ne!(Ids::new(8).guid("user", "a"), a);
        assert_eq!(one.opaque("token", "x").len(), 43);
    }
}
