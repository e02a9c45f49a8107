//! What runs on real threads in real time. A binary of its own, so that no other test takes the
//! processors away from it while it runs.

mod cluster;
mod traces;
