//! The reply subjects of one consumer's deliveries, which acknowledgements are sent to (ADR-15).

use std::hash::{Hash, Hasher};

use crate::engine::connection::{MAX_DIGITS, decimal, digits};

/// The reply subject that was written last. The next one differs from it in a few digits.
///
/// What was written last is derived, so it counts for nothing when consumers are compared.
#[derive(Clone, Debug)]
pub(super) struct AckReply {
    text: Vec<u8>,
    /// How long the part with the names is, dots included.
    names_len: usize,
    /// Behind the names: delivery, stream sequence, consumer sequence, time in nanoseconds, and how many messages are left.
    numbers: [u64; 5],
    /// Where each of them ends in the text.
    ends: [usize; 5],
}

impl AckReply {
    pub(super) fn new(stream: &str, consumer: &str) -> Self {
        let text = format!("$JS.ACK.{stream}.{consumer}.").into_bytes();
        let mut reply = Self { names_len: text.len(), text, numbers: [0; 5], ends: [0; 5] };
        reply.write_all(&[0; 5]);
        reply
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// Writes the reply subject of the delivery with these numbers.
    #[inline]
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub(super) fn write(&mut self, numbers: &[u64; 5]) {
        for (place, number) in numbers.iter().enumerate() {
            if self.numbers[place] != *number && !self.replace(place, *number) {
                return self.write_all(numbers);
            }
        }
    }

    /// Puts `number` in its place, if it has as many digits as the one that is there.
    #[inline]
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    fn replace(&mut self, place: usize, number: u64) -> bool {
        let before = std::mem::replace(&mut self.numbers[place], number);
        let end = self.ends[place];
        // As a rule they count up or down by one: then it is mostly the last digit alone that changes.
        let last = &mut self.text[end - 1];
        let stepped = u64::from(*last).wrapping_add(number).wrapping_sub(before);
        if number.abs_diff(before) < 10 && (u64::from(b'0')..=u64::from(b'9')).contains(&stepped) {
            *last = stepped as u8;
            return true;
        }
        let start = place.checked_sub(1).map_or(self.names_len, |before| self.ends[before] + 1);
        let mut buffer = [0; MAX_DIGITS];
        let written = digits(&mut buffer, number);
        let is_as_long = MAX_DIGITS - written == end - start;
        if is_as_long {
            self.text[start..end].copy_from_slice(&buffer[written..]);
        }
        is_as_long
    }

    fn write_all(&mut self, numbers: &[u64; 5]) {
        self.numbers = *numbers;
        self.text.truncate(self.names_len);
        for (number, end) in numbers.iter().zip(&mut self.ends) {
            if self.text.len() > self.names_len {
                self.text.push(b'.');
            }
            decimal(&mut self.text, *number);
            *end = self.text.len();
        }
    }
}

impl PartialEq for AckReply {
    fn eq(&self, other: &Self) -> bool {
        self.text[..self.names_len] == other.text[..other.names_len]
    }
}

impl Eq for AckReply {}

impl Hash for AckReply {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text[..self.names_len].hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::Rng;

    #[test]
    fn one_follows_the_other_whatever_changes() {
        let (mut rng, mut reply) = (Rng::new(1), AckReply::new("S", "C"));
        let mut numbers = [0_u64; 5];
        for _ in 0..10_000 {
            for number in &mut numbers {
                *number = match rng.below(12) {
                    0 => rng.below(u64::MAX),
                    1 => rng.below(1_000),
                    2 => u64::MAX - rng.below(2),
                    3 | 4 => number.saturating_add(rng.below(12)),
                    5..=7 => number.saturating_sub(1),
                    8..=10 => number.saturating_add(1),
                    _ => *number,
                };
            }
            reply.write(&numbers);
            let expected = format!("$JS.ACK.S.C.{}", numbers.map(|number| number.to_string()).join("."));
            assert_eq!(String::from_utf8_lossy(reply.as_bytes()), expected);
        }
        assert_eq!(reply, AckReply::new("S", "C"));
        assert_ne!(reply, AckReply::new("S", "D"));
    }
}
