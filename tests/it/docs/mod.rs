//! The pages of the documentation are true: what they quote is printed, what they link to exists,
//! what they name is a name, and what was generated is up to date.
//!
//! `UPDATE_DOCS=1 cargo test --test it docs -- --test-threads 1` writes what the program prints today
//! into the pages. An excerpt keeps its gaps (`...`) if only numbers have changed. Check the
//! difference before you commit it.

mod arrows;
mod bugs;
#[cfg(unix)]
mod commands;
mod course;
mod names;
pub mod pages;
mod pictures;
mod tables;
mod traces;
