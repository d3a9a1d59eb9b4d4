//! The parameters of a path pattern.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, IntoDeserializer, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};

use super::FromEventRef;
use super::http::request;
use crate::{Context, Error, ErrorKind, Event, MaybeSend, MaybeSync};

/// What a pattern's parameters matched, decoded.
#[derive(Clone, Debug)]
pub(crate) struct PathParams(Vec<(String, Result<String, String>)>);

impl PathParams {
    pub(crate) fn new(params: &matchit::Params<'_, '_>) -> Self {
        let decode =
            |value: &str| percent_decode_str(value).decode_utf8().map(Cow::into_owned).map_err(|_| value.to_owned());
        Self(params.iter().map(|(name, value)| (name.to_owned(), decode(value))).collect())
    }
}

/// The parameters of the pattern that the function is declared with (`#[handler(path = "/users/{id}")]`,
/// `http("/users/{id}") => …`), percent-decoded and read by `serde`: one value, a tuple in order, or a struct by name.
///
/// A value that does not fit, or is not UTF-8, answers 400.
///
/// ```
/// use anyfn_core::{App, Path, test};
///
/// async fn page(Path((user, page)): Path<(String, u32)>) -> String { format!("{user} {page}") }
///
/// # test::block_on(async {
/// let app = App::builder().http_at("/users/{user}/pages/{page}", page).build();
/// assert_eq!(test::get("/users/Ada%20L/pages/7").send(app).await.text(), "Ada L 7");
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Path<T>(pub T);

impl<S: MaybeSync, T: DeserializeOwned + MaybeSend> FromEventRef<S> for Path<T> {
    async fn from_event_ref(event: &mut Event, _: &Context, _: &S) -> Result<Self, Error> {
        let Some(PathParams(params)) = request(event)?.extensions().get() else {
            return Err(Error::of(ErrorKind::Mismatch).source(
                "the handler reads `Path`, and is declared without a pattern: write `#[handler(path = \"/users/{id}\")]` or `http(\"/users/{id}\") => …`",
            ));
        };
        let mut values = Vec::with_capacity(params.len());
        for (name, value) in params {
            match value {
                Ok(value) => values.push((name.as_str(), value.as_str())),
                Err(raw) => return Err(Error::bad_request(format!("`{raw}` in the path is not UTF-8"))),
            }
        }
        T::deserialize(Params(&values))
            .map(Self)
            .map_err(|source| Error::bad_request(format!("the path cannot be read: {source}")))
    }
}

type Failure = de::value::Error;

#[derive(Clone, Copy)]
struct Params<'a>(&'a [(&'a str, &'a str)]);

impl<'a> Params<'a> {
    fn single(self) -> Result<Value<'a>, Failure> {
        match self.0 {
            [(_, value)] => Ok(Value(value)),
            many => Err(de::Error::custom(format!("the pattern has {} parameters, one value is read", many.len()))),
        }
    }
}

macro_rules! single {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            self.single()?.$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Params<'_> {
    type Error = Failure;

    single! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option
        deserialize_identifier
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.single()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_seq(SeqDeserializer::new(self.0.iter().map(|(_, value)| Value(value))))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Failure> {
        if self.0.len() != len {
            return Err(de::Error::custom(format!("the pattern has {} parameters, {len} are read", self.0.len())));
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_map(MapDeserializer::new(self.0.iter().map(|(name, value)| (*name, Value(value)))))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_map(visitor)
    }
}

/// One parameter: text that numbers and booleans are parsed from.
#[derive(Clone, Copy)]
struct Value<'a>(&'a str);

impl<'de> IntoDeserializer<'de> for Value<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $type:ty,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            let value = self.0.parse::<$type>().map_err(|_| {
                de::Error::custom(format!("`{}` is not of type {}", self.0, stringify!($type)))
            })?;
            visitor.$visit(value)
        }
    )*};
}

impl<'de> Deserializer<'de> for Value<'_> {
    type Error = Failure;

    parsed! {
        deserialize_bool visit_bool bool,
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
        deserialize_u128 visit_u128 u128,
        deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
