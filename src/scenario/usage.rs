//! The format of the language's tables: each row has the words that can begin a line, and what can follow.
//!
//! A row has the words, what follows them, what the line does, and its forms. A form is a variant with its
//! arguments in the order of the line; a word that stands before an argument stands before it in the
//! line, too. An argument is read and written by the `arguments::Argument` of its own type, or of the
//! type that stands behind `as`.

use std::collections::HashSet;

/// A line of help.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Usage {
    /// The words with which it begins.
    pub words: &'static str,
    /// What follows them.
    pub follows: &'static str,
    /// What it does.
    pub does: &'static str,
}

impl Usage {
    pub(crate) const fn new(
        words: &'static str,
        follows: &'static str,
        does: &'static str,
    ) -> Self {
        Self { words, follows, does }
    }

    /// The word with which it begins.
    pub fn first_word(&self) -> &'static str {
        self.words.split(' ').next().unwrap_or_default()
    }
}

/// Returns the first words of these rows, each once.
pub fn first_words<'a>(rows: impl IntoIterator<Item = &'a Usage>) -> Vec<&'static str> {
    let mut seen = HashSet::new();
    rows.into_iter().map(Usage::first_word).filter(|word| seen.insert(*word)).collect()
}

/// What a line does to the cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Says something to the reader.
    Tell,
    /// Looks at the cluster and leaves it as it is.
    Look,
    /// Makes one thing happen at one node, or to one message: a single move.
    Move,
    /// Changes the links, or whether timers and links are under manual control.
    Links,
    /// Lets the cluster run, or does several things: if it fails, some of it may have happened.
    Wait,
}

/// Names an item of the `Argument` that reads and writes a value: its type's, or that of the type behind `as`.
macro_rules! argument {
    ($item:ident of $type:ty) => {
        <$type as $crate::scenario::arguments::Argument>::$item
    };
    ($item:ident of $type:ty as $like:ty) => {
        <$like as $crate::scenario::arguments::Argument<$type>>::$item
    };
}

macro_rules! table {
    ($(#[$meta:meta])* $name:ident, $what:literal {$(
        $words:literal, $follows:literal, $does:literal => $(
            $kind:ident $($first:literal)? $variant:ident
            $(( $($($before:literal)? $arg:ident: $type:ty $(as $like:ty)?),* ))?
            $({ $($($word:literal)? $field:ident: $of:ty $(as $as:ty)?),* })?
        ),+;
    )*}) => {
        $(#[$meta])*
        #[allow(missing_docs, reason = "the row says what its arguments are")]
        pub enum $name {
            $($(#[doc = $does] $variant $(($($type),*))? $({ $($field: $of),* })?,)+)*
        }

        impl $name {
            /// Every row, for help and for the docs.
            pub const USAGE: &[Usage] =
                &[$(Usage::new($words, $follows, $does)),*];

            /// What it does to the cluster.
            pub const fn kind(&self) -> Kind {
                match self { $($(Self::$variant { .. } => Kind::$kind,)+)* }
            }

            /// Reads the rest of a line as one of the forms.
            pub(super) fn read(words: &mut Words<'_>) -> Option<Self> {
                $($(
                    let form = words.form($words, |words| {
                        $(words.exactly($first)?;)?
                        let read = Self::$variant
                            $(($({ $(words.exactly($before)?;)?
                                argument!(read of $type $(as $like)?)(words)? }),*))?
                            $({$($field: { $(words.exactly($word)?;)?
                                argument!(read of $of $(as $as)?)(words)? }),*})?;
                        words.end()?;
                        Some(read)
                    });
                    if form.is_some() {
                        return form;
                    }
                )+)*
                words.expected_one_of($what, Self::USAGE.iter().map(|row| row.words).collect())
            }

            /// Returns lines that show every form, with every example of each of its arguments.
            pub fn examples() -> Vec<String> {
                let mut lines = Vec::new();
                $($(
                    lines.extend(examples(&[
                        &[$words], $(&[$first],)?
                        $($($(&[$before],)? argument!(EXAMPLES of $type $(as $like)?),)*)?
                        $($($(&[$word],)? argument!(EXAMPLES of $of $(as $as)?),)*)?
                    ]));
                )+)*
                lines
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut parts = match self {$($(
                    Self::$variant $(($($arg),*))? $({$($field),*})? => vec![
                        $words.to_owned(), $($first.to_owned(),)?
                        $($($($before.to_owned(),)? argument!(write of $type $(as $like)?)($arg),)*)?
                        $($($($word.to_owned(),)? argument!(write of $of $(as $as)?)($field),)*)?
                    ],
                )+)*};
                parts.retain(|part| !part.is_empty());
                f.write_str(&parts.join(" "))
            }
        }
    };
}

/// Returns as many lines as it takes to show every example of each part of a form.
pub(super) fn examples(parts: &[&[&str]]) -> Vec<String> {
    let most = parts.iter().map(|part| part.len()).max().unwrap_or_default();
    let line = |nth: usize| parts.iter().map(|part| part[nth % part.len()]).collect::<Vec<_>>();
    (0..most).map(|nth| line(nth).join(" ")).collect()
}

pub(super) use {argument, table};
