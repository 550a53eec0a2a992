//! What the README shows: its sections, and the blocks of each.

/// A section with something in it that can be run.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) blocks: Vec<Block>,
}

/// A block of code.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// `console`, `python`, `yaml` ..
    pub(crate) language: String,
    pub(crate) text: String,
}

/// A command and what it is said to print; nothing if it is not said.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Command {
    pub(crate) text: String,
    pub(crate) output: String,
}

/// The sections of a text in Markdown that have blocks.
pub(crate) fn sections(markdown: &str) -> Vec<Section> {
    let mut sections = vec![Section { title: String::new(), blocks: Vec::new() }];
    let mut open: Option<Block> = None;
    for line in markdown.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(block), None) => block.text += &format!("{line}\n"),
            (Some(_), Some(_)) => sections.last_mut().unwrap().blocks.extend(open.take()),
            (None, Some(language)) => open = Some(Block { language: language.to_owned(), text: String::new() }),
            (None, None) if line.starts_with('#') => {
                let title = line.trim_start_matches('#').trim().to_owned();
                sections.push(Section { title, blocks: Vec::new() });
            }
            (None, None) => {}
        }
    }
    sections.retain(|section| !section.blocks.is_empty());
    sections
}

impl Block {
    /// The commands of a block in which each begins with `$ `, and may go on after a backslash.
    pub(crate) fn commands(&self) -> Vec<Command> {
        let mut commands: Vec<Command> = Vec::new();
        for line in self.text.lines() {
            match line.strip_prefix("$ ") {
                Some(text) => commands.push(Command { text: text.to_owned(), output: String::new() }),
                None => {
                    let command = commands.last_mut().expect("a block begins with a command");
                    match command.text.strip_suffix('\\') {
                        Some(begun) => command.text = format!("{begun}{}", line.trim_start()),
                        None => command.output += &format!("{line}\n"),
                    }
                }
            }
        }
        commands
    }
}
