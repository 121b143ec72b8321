//! Text as the model sees it: characters as tokens, built-in corpora, batches.

pub mod batch;
pub mod corpus;
pub mod tokenizer;
