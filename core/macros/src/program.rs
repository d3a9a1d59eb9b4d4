//! What all three macros become: `main`, `app` and the manifest.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Ident, LitStr, Path, Signature};

use crate::check;
use crate::trigger::{Kind, Named};

/// A trigger and its handler.
pub(crate) struct Entry {
    pub(crate) kind: &'static Kind,
    pub(crate) written: Ident,
    pub(crate) name: Option<LitStr>,
    pub(crate) handler: Expr,
}

/// A whole program.
#[derive(Default)]
pub(crate) struct Program {
    pub(crate) facade: Option<Path>,
    /// The name of the function that makes the program, where it is not `app`.
    pub(crate) app: Option<Ident>,
    pub(crate) state: Option<Expr>,
    /// What is called when the instance ends.
    pub(crate) on_shutdown: Option<Expr>,
    pub(crate) entries: Vec<Entry>,
    /// The handler, where its signature is known.
    pub(crate) signature: Option<Signature>,
}

/// Its name is what the compiler says where two programs meet in one crate.
const ONE: &str = "__anyfn_one_handler_or_app_per_program__several_triggers_go_into_one_app";

impl Program {
    pub(crate) fn facade(&self) -> TokenStream {
        facade(self.facade.as_ref())
    }

    /// Refuses what no event could tell apart, and paths that exclude each other.
    pub(crate) fn check(&self) -> syn::Result<()> {
        let mut paths = matchit::Router::new();
        for (at, Entry { kind, written, name, .. }) in self.entries.iter().enumerate() {
            let text = name.as_ref().map(LitStr::value);
            let same = |other: &&Entry| other.kind.name == kind.name && other.name.as_ref().map(LitStr::value) == text;
            if self.entries[..at].iter().any(|other| same(&other)) {
                let shown = text.map_or_else(|| format!("`{written}`"), |text| format!("`{written}(\"{text}\")`"));
                let span = name.as_ref().map_or(written.span(), LitStr::span);
                return Err(syn::Error::new(
                    span,
                    format!("{shown} has a handler already: call both from one function, or remove one"),
                ));
            }
            if let (Named::Path, Some(text)) = (kind.named, text)
                && let Err(error) = paths.insert(text.clone(), ())
            {
                let span = name.as_ref().map_or(written.span(), LitStr::span);
                return Err(syn::Error::new(
                    span,
                    format!("the path `{text}` cannot be told from another one: {error}"),
                ));
            }
        }
        Ok(())
    }

    pub(crate) fn expand(&self) -> TokenStream {
        let facade = self.facade();
        let app = self.app.clone().unwrap_or_else(|| format_ident!("app", span = Span::call_site()));
        let state = self.state.as_ref().map(|state| quote_spanned!(state.span()=> .state(#state)));
        let end = self.on_shutdown.as_ref().map(|end| quote_spanned!(end.span()=> .on_shutdown(#end)));
        let routes = self.entries.iter().map(|Entry { kind, name, handler, .. }| {
            let method = match (kind.named, name) {
                (Named::Path, Some(_)) => format_ident!("http_at"),
                _ => format_ident!("{}", kind.name),
            };
            let name = name.iter();
            quote!(.#method(#(#name,)* #handler))
        });
        let web = self.entries.iter().all(|entry| entry.kind.named == Named::Path);
        let run = if web { quote!(run_http) } else { quote!(run) };
        let main = main(&facade, &quote!(#run(#app())), &self.manifest());
        let builder = Ident::new("builder", Span::mixed_site());
        let parts = Ident::new("parts", Span::mixed_site());
        let asked = self.signature.iter().map(|signature| check::parts(signature, &parts));
        quote! {
            #main
            /// The whole program, to be called in memory by tests.
            pub fn #app() -> #facade::App {
                let #builder = #facade::App::builder() #state;
                #(let #parts = #facade::__private::Parts::of(&#builder); #asked)*
                #builder #(#routes)* #end .build()
            }
        }
    }

    fn manifest(&self) -> Vec<String> {
        let declared = self.entries.iter().map(|Entry { kind, name, handler, .. }| {
            let name = name.as_ref().map(|name| format!(r#","name":{}"#, json(&name.value())));
            let handler = match handler {
                Expr::Path(path) => {
                    let path = quote!(#path).to_string().replace(' ', "");
                    Some(format!(r#","handler":{}"#, json(&path)))
                }
                _ => None,
            };
            format!(r#"{{"kind":"{}"{}{}}}"#, kind.name, name.unwrap_or_default(), handler.unwrap_or_default())
        });
        declared.collect()
    }
}

/// The facade, as the user's crate calls it.
pub(crate) fn facade(named: Option<&Path>) -> TokenStream {
    named.map_or_else(|| quote!(::anyfn), |path| quote!(#path))
}

/// The same tokens, at another place of the source.
pub(crate) fn at(tokens: TokenStream, span: Span) -> TokenStream {
    let placed = tokens.into_iter().map(|mut token| {
        token.set_span(token.span().located_at(span));
        token
    });
    placed.collect()
}

/// `fn main`, which makes this call of the facade, and the manifest of these triggers.
pub(crate) fn main(facade: &TokenStream, run: &TokenStream, triggers: &[String]) -> TokenStream {
    let one = format_ident!("{ONE}", span = Span::call_site());
    let aborts =
        section(&one, r#","panic":"abort""#, triggers, &quote!(all(panic = "abort", not(target_family = "wasm"))));
    let unwinds = section(&one, "", triggers, &quote!(not(all(panic = "abort", not(target_family = "wasm")))));
    quote! {
        #aborts
        #unwinds
        const _: () = #facade::__private::at_the_root(::core::module_path!());
        /// Serves the program on the target that it was built for.
        pub fn main() {
            // A section that nothing names is no part of a linked program; a wasm module's custom sections cannot be named.
            #[cfg(not(target_family = "wasm"))]
            ::core::hint::black_box(&#one);
            #facade::__private::#run;
        }
    }
}

fn section(name: &Ident, panic: &str, triggers: &[String], cfg: &TokenStream) -> TokenStream {
    let text = format!(r#"{{"version":1{panic},"triggers":[{}]}}"#, triggers.join(","));
    // A text of 4 GB would not have compiled.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes();
    let bytes = [b"ANYFN".as_slice(), &1_u32.to_le_bytes(), &length, text.as_bytes()].concat();
    let literal = proc_macro2::Literal::byte_string(&bytes);
    let length = bytes.len();
    quote! {
        #[cfg(#cfg)]
        #[cfg_attr(not(target_family = "wasm"), used)]
        #[cfg_attr(target_family = "wasm", unsafe(link_section = "anyfn"))]
        #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__anyfn"))]
        #[cfg_attr(not(any(target_family = "wasm", target_vendor = "apple")), unsafe(link_section = ".anyfn"))]
        static #name: [u8; #length] = *#literal;
    }
}

/// A text as JSON.
fn json(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_text_is_escaped_as_json_asks() {
        assert_eq!(super::json("a\"b\\c\n/é"), "\"a\\\"b\\\\c\\u000a/é\"");
    }
}
