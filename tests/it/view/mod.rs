//! What the programs show, piece by piece: words, columns, and how lines reach the reader.

mod colour;
mod event_text;
mod facts;
mod logs;
mod message;
mod output;
mod reader;
mod rules;
mod table;
mod visible;
mod words;
