//! Man pages, made from the description of the command line.

use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;

use super::put;
use crate::cli::error::Error;
use crate::own_file::NotWritten;

/// Writes a page for the program, and one for each of its subcommands, into this folder.
pub(super) fn pages<T: CommandFactory>(folder: &Path) -> Result<ExitCode, Error> {
    let command = T::command();
    let name = command.get_name().to_owned();
    clap_mangen::generate_to(command, folder)
        .map_err(|error| Error::NotWritten(NotWritten::Unwritable(folder.to_owned(), error)))?;
    let folder_name = folder.display();
    put([format!(
        "The man pages are in '{folder_name}': 'man {folder_name}/{name}.1' shows the first."
    )])
}
