//! Short names that the server makes out of long ones: the first bytes of SHA-256 as letters and digits.
//!
//! Source: nats-server `server/events.go` (`getHash`).

use sha2::{Digest, Sha256};

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const NAME_LEN: usize = 8;

/// Eight letters and digits that stand for `text`.
pub fn short_hash(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest.iter().take(NAME_LEN).map(|byte| char::from(DIGITS[usize::from(*byte) % DIGITS.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_the_server_makes_them() {
        assert_eq!(short_hash("$G"), "szMpdrwD");
        assert_eq!(short_hash("M $G"), "ih8eMwqr");
        assert_eq!(short_hash(&short_hash("S $G")), "N6lXlrSF");
    }
}
