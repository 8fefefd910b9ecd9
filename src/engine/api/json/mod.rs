//! JSON as Go's `encoding/json` reads and writes it, since clients see its texts: field orders, escapes, errors.

mod encode;

pub use encode::{Text, to_json};
