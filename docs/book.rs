//! The book's chapters, whose code is compiled and run as documentation tests: `cargo test -p anyfn-book`.
//!
//! The same command has mdBook write the pages, to `target/book`.

/// Declares the chapters that have code.
macro_rules! chapters {
    ($($name:ident $file:literal)*) => {
        $(#[cfg(doctest)] #[doc = include_str!(concat!("book/", $file))] struct $name;)*
    };
}

chapters! {
    Introduction "introduction.md"
    Start "start.md"
    ThreeWays "three-ways.md"
    Extractors "extractors.md"
    Answers "answers.md"
    Streaming "streaming.md"
    Triggers "triggers.md"
    Context "context.md"
    Idempotency "idempotency.md"
    Logs "logs.md"
    Axum "axum.md"
    Testing "testing.md"
    Migrating "migrating.md"
    Adapters "adapters.md"
}
