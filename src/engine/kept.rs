//! `Kept`: a result as it is kept between the steps that read it.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::Value;

/// A result as JSON text, shared. A tree of values would take ten times as much, and a fleet has tens of thousands of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept(Arc<str>);

impl Kept {
    /// Keeps this.
    pub fn of(value: &Value) -> Self {
        Self(value.to_string().into())
    }

    /// The result as a tree of values.
    pub fn value(&self) -> Arc<Value> {
        Arc::new(self.read().unwrap_or_default())
    }

    /// The result as one's own type. None where it is not of that shape.
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(&self.0).ok()
    }
}

impl From<Value> for Kept {
    fn from(value: Value) -> Self {
        Self::of(&value)
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}
