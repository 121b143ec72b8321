//! The built site in a real Chromium: one topic a file, over the harness.
//!
//! Needs a built site in `dist/` (`cargo xtask test` sees to it) and a Chromium. Two ways in: what
//! a script does (`window.glassformer`) and what a person does, by the names a screen reader says.

mod accessible;
mod beginning;
mod card;
mod copied;
mod engines;
mod explore;
mod fallback;
mod fast;
mod first_look;
mod input;
mod keeping;
mod kinds;
mod leading;
mod links;
mod out_of_sight;
mod person;
mod phone;
mod playing;
mod poking;
mod presenting;
mod pretrained;
mod runs;
mod scripting;
mod site;
mod steady;
mod threads;
mod tracing;
mod words;
mod writing_on;
