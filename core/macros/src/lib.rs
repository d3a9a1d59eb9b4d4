//! The attribute macro of anyfn; use it through the facade, `anyfn`.

use proc_macro::TokenStream;
use quote::quote;
use syn::{FnArg, ItemFn, LitStr, Type, parse_macro_input};

/// Makes an async function the whole program: it answers every HTTP request, and there is no `main` to write. The
/// function stays callable.
///
/// `#[handler(path = "/users/{id}")]` answers that path alone, and `Path` reads its parameters.
#[proc_macro_attribute]
pub fn handler(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut path: Option<LitStr> = None;
    let parser = syn::meta::parser(|meta| {
        if meta.path.is_ident("path") {
            path = Some(meta.value()?.parse()?);
            return Ok(());
        }
        Err(meta.error("unknown argument; `#[handler]` takes `path = \"/users/{id}\"`"))
    });
    parse_macro_input!(args with parser);
    let function = parse_macro_input!(item as ItemFn);
    expand(&function, path.as_ref())
        .unwrap_or_else(|error| {
            let error = error.to_compile_error();
            quote!(#function #error)
        })
        .into()
}

fn expand(function: &ItemFn, path: Option<&LitStr>) -> syn::Result<proc_macro2::TokenStream> {
    let signature = &function.sig;
    let name = &signature.ident;
    if name == "main" {
        return Err(syn::Error::new_spanned(
            name,
            "`#[handler]` writes `main` itself: give this function another name",
        ));
    }
    if signature.asyncness.is_none() {
        return Err(syn::Error::new_spanned(signature.fn_token, "a handler is async: write `async fn`"));
    }
    if !signature.generics.params.is_empty() {
        return Err(syn::Error::new_spanned(&signature.generics, "a handler has no generics: name the types"));
    }
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                return Err(syn::Error::new_spanned(
                    receiver,
                    "a handler is a free function: take `State<S>` in place of `self`",
                ));
            }
            FnArg::Typed(typed) if matches!(*typed.ty, Type::Reference(_)) => {
                return Err(syn::Error::new_spanned(
                    &typed.ty,
                    "a handler owns its arguments: take the value, not a reference",
                ));
            }
            FnArg::Typed(_) => {}
        }
    }
    let route = path.map_or_else(|| quote!(http(#name)), |path| quote!(http_at(#path, #name)));
    Ok(quote! {
        #function

        fn main() {
            ::anyfn::__private::run(::anyfn::App::builder().#route.build());
        }
    })
}
