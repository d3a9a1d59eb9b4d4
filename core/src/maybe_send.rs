//! `Send` and `Sync` where the target has threads, nothing where it has not.

macro_rules! maybe {
    ($name:ident, $bound:ident) => {
        /// Stands for the marker trait of the same name on every target with threads, and for no bound at all on
        /// Cloudflare Workers (`wasm32-unknown-unknown`), where JavaScript values may be held over an `await`.
        #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
        pub trait $name: $bound {}
        #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
        impl<T: $bound + ?Sized> $name for T {}

        /// Stands for no bound at all: this target has no threads.
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        pub trait $name {}
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        impl<T: ?Sized> $name for T {}
    };
}

maybe!(MaybeSend, Send);
maybe!(MaybeSync, Sync);
