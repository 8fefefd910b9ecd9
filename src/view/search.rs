//! Searching among texts, where capitals and small letters are the same.

/// `text` as it is searched for, and in: in small letters.
///
/// The letters of European languages have them. All of Unicode's would be a tenth of the page's data.
pub fn folded(text: &str) -> String {
    text.chars().map(small).collect()
}

fn small(letter: char) -> char {
    let code = u32::from(letter);
    let small = match letter {
        'A'..='Z' | 'À'..='Ö' | 'Ø'..='Þ' | 'Α'..='Ρ' | 'Σ'..='Ϋ' | 'А'..='Я' => code + 32,
        'Ѐ'..='Џ' => code + 80,
        // Pairs, of which the small letter has the odd number, or the even one.
        'Ā'..='ķ' | 'Ŋ'..='ŷ' => code | 1,
        'Ĺ'..='ň' | 'Ź'..='ž' => (code + 1) & !1,
        _ => code,
    };
    char::from_u32(small).unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_made_small_as_unicode_says() {
        let special = ['İ', 'ı', 'ĸ', 'ŉ', 'Ÿ', 'ſ'];
        for letter in ('\0'..'\u{370}').chain('Α'..='ώ').chain('Ѐ'..='џ').filter(|letter| !special.contains(letter))
        {
            let is_covered = !matches!(letter, 'ƀ'..='\u{36f}');
            let expected = if is_covered { letter.to_lowercase().to_string() } else { letter.to_string() };
            assert_eq!(small(letter).to_string(), expected, "{letter}");
        }
    }

    #[test]
    fn capitals_are_found_by_small_letters() {
        assert_eq!(folded("ÜBER Orders.NEW №1 ŁÓDŹ Ωmega Ёлка"), "über orders.new №1 łódź ωmega ёлка");
    }
}
