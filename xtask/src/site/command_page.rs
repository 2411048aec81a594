//! A command's help as a page: the same words, with options that can be linked to and that break on a narrow screen.
//!
//! The layout is clap's: sections begin at the left edge, options are indented by two or six, what they do by ten or on
//! the same line.

use std::fmt::Write as _;

/// Columns before the description of an option that has its own lines.
const DESCRIPTION: usize = 10;

/// The page of a command: `words` are those after `rinalmo`. `below` gives the file of a command that it lists.
pub fn render(words: &str, help: &str, below: impl Fn(&str) -> String) -> String {
    let mut page = format!("# {}\n", format!("rinalmo {words}").trim_end());
    let mut section = Section::Text;
    for block in blocks(help) {
        let first = block[0];
        if let Some(usage) = first.strip_prefix("Usage: ") {
            let rest = block[1..].iter().map(|line| line.trim()).collect::<Vec<_>>();
            let _ = write!(page, "\n```text\n{}\n```\n", [&[usage][..], &rest].concat().join("\n"));
            section = Section::Usage;
            continue;
        }
        let mut lines = &block[..];
        if let Some(heading) = first.strip_suffix(':').filter(|_| section.may_end() && !first.starts_with(' ')) {
            let _ = write!(page, "\n## {heading}\n");
            section = if heading == "Commands" { Section::Commands } else { Section::Options };
            lines = &block[1..];
        } else if !first.starts_with(' ') {
            section = if matches!(section, Section::Text) { Section::Text } else { Section::Usage };
        }
        match section {
            Section::Commands => commands(lines, &below, &mut page),
            Section::Options => options(lines, &mut page),
            Section::Text | Section::Usage => _ = write!(page, "\n{}\n", escaped(&lines.join("\n"))),
        }
    }
    page
}

/// What the lines of a page are part of.
enum Section {
    /// Before the line of usage.
    Text,
    /// After it, and after the last section.
    Usage,
    Commands,
    Options,
}

impl Section {
    /// Whether a heading may follow: before the line of usage, a line that ends with a colon is text.
    fn may_end(&self) -> bool {
        !matches!(self, Self::Text)
    }
}

/// Lines between empty lines.
fn blocks(help: &str) -> Vec<Vec<&str>> {
    let lines: Vec<&str> = help.lines().collect();
    lines.split(|line| line.is_empty()).filter(|block| !block.is_empty()).map(<[&str]>::to_vec).collect()
}

/// A list of commands; what does not fit into a line goes on in the next one, further to the right.
fn commands(lines: &[&str], below: &impl Fn(&str) -> String, page: &mut String) {
    page.push('\n');
    for line in lines {
        match line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')) {
            Some(entry) => {
                let (name, what) = entry.split_once("  ").unwrap_or((entry, ""));
                let (file, what) = (below(name), escaped(what.trim()));
                let _ = match name {
                    "help" => writeln!(page, "- `help`: {what}"),
                    _ => writeln!(page, "- [`{name}`]({file}): {what}"),
                };
            }
            None => _ = writeln!(page, "  {}", escaped(line.trim())),
        }
    }
}

/// A list of options, or more of the last one's description.
fn options(lines: &[&str], page: &mut String) {
    let mut description = Vec::new();
    for line in lines {
        let Some(entry) = is_option(line) else {
            description.push(dedent(line));
            continue;
        };
        finish(&mut description, page);
        let (term, what) = entry.split_once("  ").unwrap_or((entry, ""));
        let _ = write!(page, "\n`{term}`\n");
        page.push_str(": ");
        if !what.is_empty() {
            description.push(what.trim());
        }
    }
    finish(&mut description, page);
}

/// A line that names an option or an argument, without its indentation.
fn is_option(line: &str) -> Option<&str> {
    let entry = line.trim_start();
    (line.len() - entry.len() < DESCRIPTION && entry.starts_with(['-', '[', '<'])).then_some(entry)
}

/// A line of a description; deeper lines continue a list in it.
fn dedent(line: &str) -> &str {
    let inner = line.get(DESCRIPTION..).filter(|_| line.starts_with(&" ".repeat(DESCRIPTION))).unwrap_or(line);
    if inner.starts_with("   ") { inner.trim_start() } else { inner }
}

/// Writes a paragraph of a description: after the colon of its option, or indented below the last one.
fn finish(description: &mut Vec<&str>, page: &mut String) {
    if description.is_empty() {
        return;
    }
    let text = escaped(&description.join("\n"));
    if !page.ends_with(": ") {
        page.push_str("\n  ");
    }
    let _ = writeln!(page, "{}", text.replace('\n', "\n  "));
    description.clear();
}

/// Text with the letters escaped that Markdown gives a meaning, except in backticks. Names of options become code, which
/// does not break at its dashes.
fn escaped(text: &str) -> String {
    let is_closed = text.matches('`').count().is_multiple_of(2);
    let mut escaped = String::new();
    let mut in_code = false;
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let option =
            if in_code || escaped.ends_with(|c: char| c.is_alphanumeric() || c == '-') { 0 } else { option(rest) };
        if option > 0 {
            escaped.extend(["`", &rest[..option], "`"]);
            rest = &rest[option..];
            continue;
        }
        in_code ^= letter == '`' && is_closed;
        let has_meaning = "\\*_<>[]#~|$&".contains(letter) || (letter == '`' && !is_closed);
        if has_meaning && !in_code {
            escaped.push('\\');
        }
        escaped.push(letter);
        rest = &rest[letter.len_utf8()..];
    }
    escaped
}

/// The length of the option's name that a text begins with, such as `--max-span`; 0 without one.
fn option(text: &str) -> usize {
    let Some(name) = text.strip_prefix("--") else { return 0 };
    let length = name.find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && c != '-').unwrap_or(name.len());
    if name.starts_with(|c: char| c.is_ascii_lowercase()) { 2 + length } else { 0 }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::process::root;

    /// The words of a page, without what Markdown adds.
    fn words(page: &str) -> Vec<String> {
        let kept = page.replace(['\\', '`'], "").replace("](", " (");
        let words =
            kept.split_whitespace().map(|word| word.trim_matches(['#', ':', '-', '[', ']', '(', ')']).to_owned());
        words.filter(|word| !word.is_empty() && !word.ends_with(".md") && word != "text").collect()
    }

    #[test]
    fn no_word_of_any_help_is_lost() {
        let mut count = 0;
        for entry in fs::read_dir(root().join("docs/help")).unwrap().flatten() {
            let help = fs::read_to_string(entry.path()).unwrap();
            let page = render("", &help, |name| format!("{name}.md"));
            let (mut found, mut expected) = (words(&page), words(&help));
            assert_eq!(found.remove(0), "rinalmo");
            expected.retain(|word| word != "Usage" && word != "text");
            assert_eq!(found, expected, "{}", entry.path().display());
            count += 1;
        }
        assert!(count > 40, "only {count} pages of help were found");
    }

    #[test]
    fn options_become_terms_with_descriptions() {
        let help = "Does x:\n\nUsage: rinalmo x [OPTIONS]\n       rinalmo x y\n\nOptions:\n  -o, --output <FILE>\n          \
                    Write *all*\n          to `a_b`\n\n          Possible values:\n          - one: This\n            \
                    and that\n\n  -q, --quiet  Print\n               less\n\nThe end.\n";
        let expected = "# rinalmo x\n\nDoes x:\n\n```text\nrinalmo x [OPTIONS]\nrinalmo x y\n```\n\n## Options\n\n\
                        `-o, --output <FILE>`\n: Write \\*all\\*\n  to `a_b`\n\n  Possible values:\n  - one: This\n    \
                        and that\n\n`-q, --quiet`\n: Print\n  less\n\nThe end.\n";
        assert_eq!(render("x", help, str::to_owned), expected);
    }

    #[test]
    fn names_of_options_are_code_and_other_letters_are_escaped() {
        assert_eq!(escaped("a <b> (--max-span, `x --y`)"), "a \\<b\\> (`--max-span`, `x --y`)");
        assert_eq!(escaped("-- and a--b, `"), "-- and a--b, \\`");
    }

    #[test]
    fn commands_link_to_their_pages() {
        let help = "X\n\nUsage: rinalmo\n\nCommands:\n  fold  Predict\n          more\n  help  Print this\n";
        let page = render("", help, |name| format!("{name}.md"));
        assert!(
            page.ends_with("\n## Commands\n\n- [`fold`](fold.md): Predict\n  more\n- `help`: Print this\n"),
            "{page}"
        );
    }
}
