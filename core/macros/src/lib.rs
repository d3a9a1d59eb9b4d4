//! The macros of anyfn; use them through the facade, `anyfn`, where they are documented.

mod app;
mod check;
mod handler;
mod program;
mod served;
mod trigger;

use proc_macro::TokenStream;
use quote::quote;

#[doc(hidden)] // The facade documents it, and so the next ones.
#[proc_macro]
pub fn app(input: TokenStream) -> TokenStream {
    let program = syn::parse::<program::Program>(input).map(|program| program.expand());
    program
        .unwrap_or_else(|error| {
            let error = error.to_compile_error();
            quote!(#error fn main() {})
        })
        .into()
}

#[doc(hidden)]
#[proc_macro_attribute]
pub fn handler(args: TokenStream, item: TokenStream) -> TokenStream {
    beside(item, |function| handler::expand(args.into(), function))
}

#[doc(hidden)]
#[proc_macro_attribute]
pub fn main(args: TokenStream, item: TokenStream) -> TokenStream {
    beside(item, |function| served::expand(args.into(), function))
}

/// An error stands beside the function, so that what uses the function makes no errors of its own.
fn beside(
    item: TokenStream,
    expand: impl FnOnce(&syn::ItemFn) -> syn::Result<proc_macro2::TokenStream>,
) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    let function = match syn::parse2::<syn::ItemFn>(item.clone()) {
        Ok(function) => function,
        Err(_) => {
            let error =
                syn::Error::new_spanned(&item, "only a function with a body can be this: `async fn hello() { … }`");
            let error = error.to_compile_error();
            return quote!(#item #error fn main() {}).into();
        }
    };
    expand(&function)
        .unwrap_or_else(|error| {
            let error = error.to_compile_error();
            let mut function = function;
            if function.sig.ident == "main" {
                // What the compiler would say of it, an async one above all, is beside the point.
                function.sig.ident = quote::format_ident!("__anyfn_main");
            }
            quote!(#function #error fn main() {})
        })
        .into()
}
