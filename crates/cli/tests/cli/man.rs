//! Manual pages.

use clap::Command;

use crate::common::Sandbox;

/// The names of the pages of a command and those below it, with their definitions.
fn pages<'d>(command: &'d Command, name: &str, found: &mut Vec<(String, &'d Command)>) {
    found.push((format!("{name}.1"), command));
    for inner in command.get_subcommands() {
        pages(inner, &format!("{name}-{}", inner.get_name()), found);
    }
}

#[test]
fn every_command_has_a_page_with_all_of_its_options() {
    let sandbox = Sandbox::new();
    let mut definition = rinalmo_cli::command().disable_help_subcommand(true);
    definition.build();
    let mut expected = Vec::new();
    pages(&definition, "rinalmo", &mut expected);
    let run = sandbox.run("man --out-dir share/man1").well();
    assert_eq!((run.out.as_str(), run.err), ("", format!("{} pages in share/man1\n", expected.len())));
    assert_eq!(sandbox.names("share/man1").len(), expected.len());
    for (name, command) in expected {
        let page = sandbox.read(&format!("share/man1/{name}"));
        let footer = concat!(" \"rinalmo ", env!("CARGO_PKG_VERSION"), "\" \"rinalmo manual\"");
        let title = page.lines().find(|line| line.starts_with(".TH ")).unwrap();
        assert!(title.starts_with(&format!(".TH {} 1 \"", name.trim_end_matches(".1").to_uppercase())), "{title}");
        assert!(title.ends_with(footer) && page.is_ascii(), "{title}");
        assert!(page.contains("\n.SH \"EXIT STATUS\"\n0 done, 1 finished"), "{page}");
        for long in command.get_arguments().filter(|argument| !argument.is_hide_set()).filter_map(|one| one.get_long())
        {
            let shown = format!("\\-\\-{}", long.replace('-', "\\-"));
            assert!(page.contains(&shown), "{name}: {long}");
        }
    }
}

#[test]
fn one_page_is_printed_and_an_unknown_command_is_named() {
    let sandbox = Sandbox::new();
    let page = sandbox.run("man corpus build").done().out;
    assert!(page.contains("rinalmo\\-corpus\\-build \\- "), "{page}");
    assert!(page.ends_with("\n.SH \"SEE ALSO\"\nrinalmo(1)\n"), "{page}");
    sandbox.run("-q man --out-dir pages").done();
    assert_eq!(sandbox.read("pages/rinalmo-corpus-build.1"), page);
    assert!(!sandbox.run("man").done().out.contains("SEE ALSO"));
    assert_eq!(
        sandbox.run("man corpus built").refused(),
        "error: `rinalmo corpus` has no command `built`\nhint: did you mean `build`?\n"
    );
}
