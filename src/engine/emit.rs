//! How fields are written: what Go leaves out as empty, and -1 where there is no limit.

use serde::{Serialize, Serializer};

/// For fields that Go leaves out at their zero value.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// For lists that are left out when empty.
pub fn is_empty<T>(list: &[T]) -> bool {
    list.is_empty()
}

/// Writes a limit, and -1 for none.
///
/// # Errors
/// Those of the serializer.
pub fn limit<S: Serializer, T: Serialize>(limit: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match limit {
        Some(limit) => limit.serialize(serializer),
        None => serializer.serialize_i8(-1),
    }
}
