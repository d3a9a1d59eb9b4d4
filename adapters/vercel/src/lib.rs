//! anyfn adapter.
