//! Types of arguments, as they are written inside the module of messages.

use proc_macro2::{Ident, Span};
use syn::visit_mut::{self, VisitMut};
use syn::{Path, PathSegment, Type, parse_quote};

/// A type that was written beside the `impl`, for use one module further in, where `use super::*` holds.
///
/// `hidden` are the names that the module itself has: there `Status` is the message of a method `status`, and no longer
/// the type that the method takes.
pub(super) fn moved(ty: &Type, hidden: &[&Ident]) -> Type {
    let mut ty = ty.clone();
    Move { hidden }.visit_type_mut(&mut ty);
    ty
}

struct Move<'a> {
    hidden: &'a [&'a Ident],
}

impl VisitMut for Move<'_> {
    fn visit_path_mut(&mut self, path: &mut Path) {
        visit_mut::visit_path_mut(self, path);
        if path.leading_colon.is_some() {
            return;
        }
        let first = &path.segments[0].ident;
        if first == "super" || self.hidden.contains(&first) {
            let absolute = of_prelude(path).unwrap_or_else(|| with_super(path));
            *path = absolute;
        } else if first == "self" {
            path.segments[0] = PathSegment::from(Ident::new("super", Span::call_site()));
        }
    }
}

fn with_super(path: &Path) -> Path {
    parse_quote!(super::#path)
}

/// What every module has without importing it, `super` does not have.
fn of_prelude(path: &Path) -> Option<Path> {
    let name = path.segments.first().filter(|_| path.segments.len() == 1)?;
    let module: Path = match name.ident.to_string().as_str() {
        "String" => parse_quote!(::std::string),
        "Vec" => parse_quote!(::std::vec),
        "Box" => parse_quote!(::std::boxed),
        "Option" => parse_quote!(::core::option),
        _ => return None,
    };
    Some(parse_quote!(#module::#path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::{ToTokens, format_ident};

    fn moved_text(ty: &str) -> String {
        let (status, option) = (format_ident!("Status"), format_ident!("Option"));
        let ty = moved(&syn::parse_str(ty).unwrap(), &[&status, &option]);
        ty.to_token_stream().to_string().replace(' ', "")
    }

    #[test]
    fn a_type_means_the_same_inside_the_module() {
        let cases = [
            ("Row", "Row"),
            ("Vec<u8>", "Vec<u8>"),
            ("Status", "super::Status"),
            ("Vec<Status>", "Vec<super::Status>"),
            ("Option<Status>", "::core::option::Option<super::Status>"),
            ("self::Row", "super::Row"),
            ("super::rows::Row", "super::super::rows::Row"),
            ("crate::Row", "crate::Row"),
            ("::std::string::String", "::std::string::String"),
            ("other::Status", "other::Status"),
        ];
        for (written, inside) in cases {
            assert_eq!(moved_text(written), inside);
        }
    }
}
