//! What the searches stand on. What they find is tested in `hunt`, `exhaustive` and `shrink`.

mod memory_limit;
mod schedule_parts;
