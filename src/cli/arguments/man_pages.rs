//! Man pages, made from the description of the command line.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::put;
use crate::cli::error::Error;
use crate::own_file::{NotWritten, OwnFile};
use crate::view::words::for_shell;

/// The marker of the pages that are written here. No other file is replaced.
const PAGE: OwnFile = OwnFile {
    kind: "page of the manual",
    marker: ".\\\" Written by the program it is about, which may replace this file.\n",
};

/// Writes a page for the program, and one for each of its subcommands, into this folder.
pub(super) fn pages<T: CommandFactory>(folder: &Path) -> Result<ExitCode, Error> {
    let mut command = T::command().disable_help_subcommand(true);
    command.build();
    let name = command.get_name().to_owned();
    let unwritable = |error| Error::NotWritten(NotWritten::Unwritable(folder.to_owned(), error));
    fs::create_dir_all(folder).map_err(unwritable)?;
    page(&command, folder)?;
    for subcommand in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        page(subcommand, folder)?;
    }
    let (folder_name, first) = (folder.display(), for_shell(&folder.join(format!("{name}.1"))));
    put([format!("The man pages are in '{folder_name}': 'man {first}' shows the first.")])
}

/// Writes the page of a command. Its file name begins with the program's name.
fn page(command: &Command, folder: &Path) -> Result<(), Error> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let file = folder.join(format!("{name}.1"));
    let mut text = PAGE.marker.as_bytes().to_vec();
    Man::new(command.clone()).render(&mut text).expect("memory takes whatever is written");
    PAGE.write(&file, &String::from_utf8_lossy(&text)).map_err(Error::NotWritten)
}
