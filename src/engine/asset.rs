//! What streams and consumers have in common: names, and the metadata that the server adds.
//!
//! Sources: nats-server `server/jetstream_versioning.go`, `server/jetstream.go` (`isValidAssetName`).

use super::sorted_map::SortedMap;

/// The version of nats-server that this is.
pub const SERVER_VERSION: &str = "2.15.1";
/// The level of the JetStream API that [`SERVER_VERSION`] has.
pub const API_LEVEL: u8 = 5;

/// Longest name, in bytes.
pub const MAX_NAME_LEN: usize = 255;
/// Longest description, in bytes.
pub const MAX_DESCRIPTION_LEN: usize = 4096;
/// Most metadata, in bytes of keys and values.
pub const MAX_METADATA_LEN: usize = 128 * 1024;

const REQUIRED_LEVEL_KEY: &str = "_nats.req.level";
const LEVEL_KEY: &str = "_nats.level";
const VERSION_KEY: &str = "_nats.ver";

/// Keys and values that are the user's, and those of the server.
pub type Metadata = SortedMap<String, String>;

/// Whether a stream or a consumer may have this name.
pub fn is_valid_name(name: &str) -> bool {
    !name.is_empty() && !name.contains([' ', '\t', '\r', '\n', '\x0c', '.', '*', '>', '\\', '/'])
}

/// The bytes of all keys and values.
pub fn metadata_len(metadata: &Metadata) -> usize {
    metadata.iter().map(|(key, value)| key.len() + value.len()).sum()
}

/// Notes the API level that the configuration needs, which is stored with it. Whatever a client gave for the server's
/// keys goes.
pub fn set_required_level(metadata: &mut Metadata, level: u8) {
    metadata.remove(LEVEL_KEY);
    metadata.remove(VERSION_KEY);
    metadata.insert(REQUIRED_LEVEL_KEY.to_owned(), level.to_string());
}

/// The metadata with the server's version and level, which are shown in some replies and never stored.
pub fn with_server_keys(metadata: &Metadata) -> Metadata {
    let mut metadata = metadata.clone();
    metadata.insert(LEVEL_KEY.to_owned(), API_LEVEL.to_string());
    metadata.insert(VERSION_KEY.to_owned(), SERVER_VERSION.to_owned());
    metadata
}

/// Whether a request that carries `Nats-Required-Api-Level` with this value is beyond this server. An empty value asks
/// for nothing; what is no number is beyond every server.
pub fn is_above_api_level(header: &[u8]) -> bool {
    !header.is_empty()
        && std::str::from_utf8(header)
            .ok()
            .and_then(|level| level.parse::<i64>().ok())
            .is_none_or(|level| level > i64::from(API_LEVEL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_no_separators() {
        for (name, valid) in
            [("a", true), ("a-b_c%", true), ("", false), ("a b", false), ("a.b", false), ("a/b", false)]
        {
            assert_eq!(is_valid_name(name), valid, "{name}");
        }
    }

    #[test]
    fn the_servers_keys_are_the_servers() {
        let mut metadata = Metadata::from(
            [("_nats.req.level", "99"), ("_nats.ver", "1"), ("team", "x")]
                .map(|(key, value)| (key.into(), value.into())),
        );
        set_required_level(&mut metadata, 2);
        let stored: Vec<_> = metadata.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(stored, ["_nats.req.level=2", "team=x"]);
        assert_eq!(with_server_keys(&metadata).len(), 4);
    }

    #[test]
    fn a_level_above_ours_is_seen() {
        for (header, above) in [("5", false), ("", false), ("-1", false), ("6", true), ("x", true), ("1.0", true)] {
            assert_eq!(is_above_api_level(header.as_bytes()), above, "{header}");
        }
    }
}
