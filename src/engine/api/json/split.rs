//! JSON taken apart one layer at a time, for those who read what may be of several shapes and say themselves what is
//! wrong with it.

use super::decode::unquote;
use super::{Decoder, JsonError};

/// The members of an object in their order: the name, and the value as it stands in the text.
pub type Members<'a> = Vec<(String, &'a [u8])>;

/// The members of the object that `json` is; `None` if it is something else.
///
/// # Errors
/// Why `json` is no JSON.
pub fn members(json: &[u8]) -> Result<Option<Members<'_>>, JsonError> {
    let mut found = None;
    read(json, |decoder| {
        if decoder.first_byte() == b'{' && decoder.opens(b'{', "") {
            let members = found.insert(Members::new());
            decoder.members(&mut |decoder, name| members.push((unquote(name).into_owned(), decoder.raw())));
        }
    })?;
    Ok(found)
}

/// The elements of the array that `json` is, as they stand in the text; `None` if it is something else.
///
/// # Errors
/// Why `json` is no JSON.
pub fn elements(json: &[u8]) -> Result<Option<Vec<&[u8]>>, JsonError> {
    let mut found = None;
    read(json, |decoder| {
        if decoder.first_byte() == b'[' && decoder.opens(b'[', "") {
            let elements = found.insert(Vec::new());
            decoder.elements(&mut |decoder, _| elements.push(decoder.raw()));
        }
    })?;
    Ok(found)
}

/// The text that `raw`, one value as it stands in a text, is a string of.
pub fn text(raw: &[u8]) -> Option<String> {
    matches!(raw, [b'"', .., b'"']).then(|| unquote(raw).into_owned())
}

fn read<'a>(json: &'a [u8], read: impl FnOnce(&mut Decoder<'a>)) -> Result<(), JsonError> {
    let mut decoder = Decoder::of_value(json)?;
    if decoder.first_byte() == b'{' || decoder.first_byte() == b'[' {
        read(&mut decoder);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_layer_is_taken_off() {
        let of_object =
            members(br#" {"a" : {"b":[1, 2]} , "\u0061":"x","c":null} "#).expect("JSON").expect("an object");
        let of_object: Vec<(&str, &[u8])> = of_object.iter().map(|(name, raw)| (name.as_str(), *raw)).collect();
        assert_eq!(of_object, [("a", &br#"{"b":[1, 2]}"#[..]), ("a", br#""x""#), ("c", b"null")]);
        assert_eq!(elements(br#"[ 1,"x" ,[]]"#), Ok(Some(vec![&b"1"[..], br#""x""#, b"[]"])));
        assert_eq!((elements(b"{}"), members(b"[]"), members(b"7")), (Ok(None), Ok(None), Ok(None)));
        assert_eq!((elements(b"[]"), members(b"{}")), (Ok(Some(vec![])), Ok(Some(vec![]))));
        assert_eq!((text(br#""a\n""#), text(b"1")), (Some("a\n".to_owned()), None));
        assert!(members(b"{").is_err() && elements(b"[1] 2").is_err());
    }
}
