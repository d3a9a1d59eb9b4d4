//! Strings and maps of an event, borrowed where they stand there as they are.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A string; `Cow` alone would be copied inside of an `Option` or a map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Read<'a> {
            type Value = Text<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'a>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'a>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_string<E>(self, text: String) -> Result<Text<'a>, E> {
                Ok(Text(Cow::Owned(text)))
            }
        }
        deserializer.deserialize_str(Read(PhantomData))
    }
}

/// What a map of headers or parameters has for a name: a text, in most; a list, where several values may be. A number is
/// taken for its digits, and anything else for nothing: what somebody wrote by hand costs itself, not the whole request.
#[derive(Clone, Debug)]
pub(super) enum Values<'a> {
    Nothing,
    One(Text<'a>),
    Many(Vec<Text<'a>>),
}

impl<'a> Values<'a> {
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Text<'a>> {
        match self {
            Self::Nothing => [].iter(),
            Self::One(text) => std::slice::from_ref(text).iter(),
            Self::Many(texts) => texts.iter(),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Values<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<'a>(PhantomData<&'a ()>);
        fn one<'a>(text: impl Into<Cow<'a, str>>) -> Values<'a> {
            Values::One(Text(text.into()))
        }
        impl<'de: 'a, 'a> Visitor<'de> for Read<'a> {
            type Value = Values<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Values<'a>, E> {
                Ok(one(text))
            }

            fn visit_str<E>(self, text: &str) -> Result<Values<'a>, E> {
                Ok(one(text.to_owned()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Values<'a>, E> {
                Ok(one(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Values<'a>, E> {
                Ok(one(value.to_string()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Values<'a>, E> {
                Ok(one(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Values<'a>, E> {
                Ok(one(value.to_string()))
            }

            fn visit_unit<E>(self) -> Result<Values<'a>, E> {
                Ok(Values::Nothing)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Values<'a>, A::Error> {
                let mut texts = Vec::with_capacity(list.size_hint().unwrap_or(2));
                while let Some(value) = list.next_element()? {
                    if let Values::One(text) = value {
                        texts.push(text);
                    }
                }
                Ok(Values::Many(texts))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values<'a>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Values::Nothing)
            }
        }
        deserializer.deserialize_any(Read(PhantomData))
    }
}

/// A map's entries in the event's order. Null counts as no entry: the gateways write it for what is not there.
#[derive(Clone, Debug)]
pub(super) struct Pairs<'a>(pub(super) Vec<(Text<'a>, Values<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Read<'a> {
            type Value = Pairs<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(16));
                while let Some((name, values)) = map.next_entry::<Text<'a>, Values<'a>>()? {
                    if !matches!(values, Values::Nothing) {
                        pairs.push((name, values));
                    }
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Read(PhantomData))
    }
}
