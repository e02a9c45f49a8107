//! The parts that the searches use. What the searches find is tested in `hunt`, `exhaustive` and `shrink`.

mod memory_limit;
mod schedule_parts;
