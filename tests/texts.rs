//! Every text that a reader sees stands in `src/texts.rs`, and nowhere else.
//!
//! What looks like a text in the sources of the page is taken for one: words with a blank between them, a word that
//! begins like a sentence, and whatever goes into an element as its text or name. Told from texts by their form are lists
//! of classes, which the sheets define, paths of SVG, headers and statuses of NATS, commands of its tool, JSON, and what
//! only developers read.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Literals that look like texts and are none, and why.
const ALLOWED: [(&str, &[&str]); 8] = [
    (
        "arguments as the documentation of the client protocol names them",
        &["header bytes", "total bytes", "[queue group]", "[max msgs]", "stream seq", "consumer seq"],
    ),
    ("as JavaScript writes its own values", &["Uint8Array()"]),
    ("declarations of styles", &["grid-column:span "]),
    ("units, which are international", &["KiB", "MiB", "GiB", "TiB"]),
    ("values as they are typed", &["1s, 5s, 30s", "64KiB", "max_msgs, max_bytes", "Sequence"]),
    ("keys of the keyboard, by the names that the browser gives them", &["ArrowLeft", "ArrowRight", "Home", "End"]),
    (
        "keys of parts of the page and of what is exported, and names of files",
        &[
            "attached ",
            "panel ",
            "stream ",
            "consumer  ",
            "client ",
            "jetstream-sim scenario",
            "jetstream-sim account",
            "jetstream-sim .json",
        ],
    ),
    (
        "what one function tells another",
        &["too much", "button, summary, a", "(prefers-color-scheme: dark)", "TrunkApplicationStarted"],
    ),
];

/// Tables by which errors of the server find their field, and examples of headers: all of it NATS's.
const TABLES: [&str; 3] = ["const CODES: &str = ", "const CLUES: &str = ", "const HEADERS: &str = "];

/// Calls whose literals are shown, whatever they look like.
const SHOWN: [&str; 7] = [".text(", ".label(", ".title(", ".plain(", ".strong(", "heard(", "\"placeholder\", "];

/// Calls whose literals only developers read.
const UNSEEN: [&str; 2] = [".expect(", "debug_assert!("];

/// A string literal of a source.
struct Literal {
    line: usize,
    /// What stands before it, without the blanks between.
    before: String,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect(path)
}

/// The files under `folder` that end with `ending`, by their paths in the project.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder is there") {
            let path = entry.expect("it can be read").path();
            let name = path.strip_prefix(root()).map(Path::to_string_lossy).expect("it is in the project").into_owned();
            if path.is_dir() {
                folders.push(path)
            } else if name.ends_with(ending) && !name.ends_with("tests.rs") {
                found.push(name)
            }
        }
    }
    found.sort();
    found
}

/// The literals of `source`, which is JavaScript or Rust, up to its tests. Places that are filled in are left out.
fn literals(source: &str, is_script: bool) -> Vec<Literal> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let bytes = source.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let rest = &source[at..];
        let begins_regex =
            is_script && bytes[at] == b'/' && source[..at].trim_end().ends_with(['(', '=', ',', '!', '&']);
        let quote = match bytes[at] {
            b'"' => "\"",
            b'`' if is_script => "`",
            b'/' if rest.starts_with("//") => "\n",
            b'/' if rest.starts_with("/*") => "*/",
            b'/' if begins_regex => "/",
            // A character, not a lifetime.
            b'\'' if !is_script && (rest[1..].starts_with('\\') || rest.chars().nth(2) == Some('\'')) => "'",
            b'r' if !is_script && rest.starts_with("r#\"") => "\"#",
            b'r' if !is_script && rest.starts_with("r\"") => "\"",
            _ => {
                at += rest.chars().next().map_or(1, char::len_utf8);
                continue;
            }
        };
        let opening = if rest.starts_with("r#\"") {
            3
        } else if rest.starts_with("r\"") || quote == "*/" {
            2
        } else {
            1
        };
        let is_raw = rest.starts_with('r') || matches!(quote, "\n" | "*/");
        let end = end_of(rest, opening, quote, is_raw);
        if matches!(quote, "\"" | "\"#" | "`") {
            let before: Vec<&str> =
                source[source.floor_char_boundary(at.saturating_sub(120))..at].split_whitespace().collect();
            let text = rest[opening..end].replace("\\\n", "\n");
            let line = source[..at].matches('\n').count() + 1;
            found.push(Literal { line, before: before.join(" "), text: without_places(&text, is_script) });
        }
        at += end + quote.len();
    }
    found
}

fn end_of(rest: &str, opening: usize, quote: &str, is_raw: bool) -> usize {
    let mut end = opening;
    while end < rest.len() && !rest[end..].starts_with(quote) {
        let first = rest[end..].chars().next().map_or(1, char::len_utf8);
        let is_escape = !is_raw && rest[end..].starts_with('\\');
        end += first + if is_escape { rest[end + 1..].chars().next().map_or(0, char::len_utf8) } else { 0 };
    }
    end
}

/// What is filled in is none of the words: `{name}`, in JavaScript `${name}`.
fn without_places(text: &str, is_script: bool) -> String {
    let mut parts = text.split(if is_script { "${" } else { "{" });
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.rsplit_once('}').map_or(part, |(_, words)| words))
}

/// Whether `text` has words for people: two with a blank between, or one that begins like a sentence.
fn has_words(text: &str) -> bool {
    let has_letter = text.contains(|c: char| c.is_ascii_alphabetic());
    let mut letters = text.chars().skip_while(|c| !c.is_ascii_alphabetic());
    let is_capital = letters.next().is_some_and(|c| c.is_ascii_uppercase());
    has_letter && text.contains(' ') || is_capital && letters.next().is_some_and(|c| c.is_ascii_lowercase())
}

/// Whether it is something else by its form.
fn is_of_its_own_kind(literal: &Literal, classes: &BTreeSet<String>) -> bool {
    let text = literal.text.trim();
    let bare: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let is_class = |word: &&str| classes.contains(*word) || word.contains("__") || *word == "subject-";
    let is_status = text.len() > 3 && text.as_bytes()[..3].iter().all(u8::is_ascii_digit);
    let is_path = text.starts_with('M') && text.contains(|c: char| c.is_ascii_digit());
    bare.iter().all(is_class)
        || is_status
        || is_path && text.chars().all(|c| "MHVLAZhvlaz0123456789 .,-".contains(c))
        || text.starts_with("Nats-")
        || text.starts_with("KV-")
        || text.contains("\":")
        || text.contains("\\\":")
        || text.contains('[')
        || TABLES.iter().any(|table| literal.before.ends_with(table.trim()))
}

/// Whether `literal` of `file` has to stand in `src/texts.rs`.
fn is_text(file: &str, literal: &Literal, classes: &BTreeSet<String>) -> bool {
    let has_letter = literal.text.contains(|c: char| c.is_ascii_alphabetic());
    let call = |calls: &[&str]| calls.iter().any(|call| literal.before.ends_with(call.trim()));
    let is_shown =
        has_letter && call(&SHOWN) && !literal.before.ends_with("self.label(") && !file.starts_with("src/sim/");
    let is_unseen = UNSEEN.iter().any(|call| literal.before.rsplit(';').next().is_some_and(|line| line.contains(call)));
    let is_allowed = ALLOWED.iter().any(|(_, texts)| texts.contains(&&*literal.text));
    let is_command = file == "src/view/cli.rs"
        && ["PUB ", "nats", " -", "--", "stream ", "consumer "].iter().any(|begin| literal.text.starts_with(begin));
    // Each is a piece of a program.
    let is_code = file == "src/view/code.rs" && !is_shown;
    (is_shown || has_words(&literal.text))
        && !is_unseen
        && !is_allowed
        && !is_command
        && !is_code
        && !is_of_its_own_kind(literal, classes)
}

/// The classes that the sheets of the page define.
fn classes() -> BTreeSet<String> {
    let mut classes = BTreeSet::new();
    for sheet in files("www", ".css") {
        for name in read(&sheet).split('.').skip(1) {
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(name.len());
            classes.insert(name[..end].to_owned());
        }
    }
    classes
}

const SCRIPTS: [&str; 4] = ["www/shell/start.js", "www/shell/work.js", "www/attach/panel.js", "www/attach/worker.js"];

#[test]
fn no_text_stands_elsewhere() {
    let classes = classes();
    let sources = [
        files("src/view", ".rs"),
        files("src/ui", ".rs"),
        files("src/sim/scenario", ".rs"),
        SCRIPTS.map(String::from).to_vec(),
    ]
    .concat();
    let mut found = Vec::new();
    for file in &sources {
        for literal in literals(&read(file), file.ends_with(".js")) {
            if is_text(file, &literal, &classes) {
                found.push(format!("{file}:{}: {:?}", literal.line, literal.text));
            }
        }
    }
    assert!(found.is_empty(), "texts that belong into src/texts.rs:\n{}", found.join("\n"));
}

#[test]
fn a_text_is_told_from_what_is_none() {
    let source = r##"
        // "A comment", then 'a', then a lifetime: &'a str
        element("div", "card card__head").text("stored").label(name).attr("title", "All of it");
        let path = "M2 2h3v10H3z"; let header = "Nats-Expected-Stream"; let key = "max_age";
        panic.expect("it is there"); raw(r#"two words"#); one('"', "Why");
        #[cfg(test)] let test = "In a test";
    "##;
    let classes = BTreeSet::from(["card".to_owned()]);
    let texts = |source: &str, is_script| {
        let literals = literals(source, is_script).into_iter();
        literals.filter(|literal| is_text("x", literal, &classes)).map(|of| of.text).collect::<Vec<_>>()
    };
    assert_eq!(texts(source, false), ["stored", "All of it", "two words", "Why"]);
    let script =
        "tell(\"Close\"); /* \"Not this\" */ t(`card ${look}`, `has ${1 + 1} places`); s.replace(/[\"']+/, \"x\");";
    assert_eq!(texts(script, true), ["Close", "has  places"]);
}

/// The names and texts that JavaScript has.
fn shell_texts(source: &str) -> Vec<(&str, &str)> {
    let table = source.split("// What JavaScript shows").nth(1).expect("there is a table for JavaScript");
    // Behind the rest of the heading: its own line, and an empty comment.
    let rows = table.lines().skip(2).map_while(|line| line.strip_prefix("// "));
    rows.map(|row| row.split_once(' ').expect("a name and a text")).collect()
}

#[test]
fn what_javascript_asks_for_is_there_and_used() {
    let source = read("src/texts.rs");
    let texts = shell_texts(&source);
    assert!(texts.len() > 20, "{texts:?}");
    let scripts: String = SCRIPTS.iter().copied().chain(["www/attach/examples.js"]).map(read).collect();
    for (name, text) in &texts {
        assert!(
            scripts.contains(&format!("\"{name}\"")) || scripts.contains(&format!("  {name}: ")),
            "{name} is not used"
        );
        let places: Vec<&str> = text.split('{').skip(1).map(|place| &place[..place.len().min(2)]).collect();
        assert!(places.iter().all(|place| ["0}", "1}"].contains(place)), "{text}");
    }
    for asked in scripts.split("textOf(\"").skip(1) {
        let name = asked.split('"').next().unwrap_or_default();
        assert!(texts.iter().any(|(of, _)| *of == name), "{name} has no text");
    }
}
