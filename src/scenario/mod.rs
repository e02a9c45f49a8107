//! The small language of scripts.
