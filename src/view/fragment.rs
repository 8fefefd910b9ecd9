//! What the fragment of the page's address asks for, such as `#embed=mini&preset=limits`.

/// How much of the page is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Whole,
    /// Within another page: all but the header.
    Full,
    /// Within another page: the tape of the first stream, one consumer, and what moves time.
    Mini,
}

impl Mode {
    /// By `embed`.
    pub fn of(fragment: &str) -> Self {
        match value(fragment, "embed") {
            Some("mini") => Self::Mini,
            Some("full") => Self::Full,
            _ => Self::Whole,
        }
    }
}

/// What stands behind `name=`.
pub fn value<'a>(fragment: &'a str, name: &str) -> Option<&'a str> {
    parts(fragment).find_map(|(key, value)| (key == name).then_some(value))
}

/// The fragment that opens the same world in the whole page.
pub fn whole(fragment: &str) -> String {
    let mut whole = String::from("#");
    for (key, value) in parts(fragment).filter(|(key, _)| *key != "embed") {
        if whole.len() > 1 {
            whole.push('&');
        }
        whole.extend([key, "=", value]);
    }
    whole
}

fn parts(fragment: &str) -> impl Iterator<Item = (&str, &str)> {
    fragment.trim_start_matches('#').split('&').filter_map(|part| part.split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_is_whole_unless_one_is_named() {
        for (fragment, mode) in [
            ("", Mode::Whole),
            ("#", Mode::Whole),
            ("#embed", Mode::Whole),
            ("#embed=huge", Mode::Whole),
            ("#embed=full", Mode::Full),
            ("#preset=limits&embed=mini", Mode::Mini),
        ] {
            assert_eq!(Mode::of(fragment), mode, "{fragment}");
        }
    }

    #[test]
    fn the_whole_page_opens_the_same_world() {
        assert_eq!(whole("#embed=mini&preset=limits"), "#preset=limits");
        assert_eq!(whole("#s=a-b_c==&embed=full&x=1"), "#s=a-b_c==&x=1");
        assert_eq!(whole("#embed=mini"), "#");
        assert_eq!(value("#embed=mini&s=a=b", "s"), Some("a=b"));
        assert_eq!(value("#embed=mini", "s"), None);
    }
}
