//! The portable answer as the platform takes it: buffered within its limit, or streamed.

use anyfn_core::{Body, Error};

use crate::MAX_BODY;

/// Checks that the platform will take the answer: one that is there as a whole may have [`MAX_BODY`] bytes (Vercel,
/// "Functions limits"), a stream any number.
///
/// ```
/// use anyfn_core::Body;
///
/// let answer = http::Response::new(Body::from("hello"));
/// assert!(anyfn_vercel::encode(answer).is_ok());
/// let answer = http::Response::new(Body::from(vec![0; 4_500_001]));
/// assert_eq!(anyfn_vercel::encode(answer).unwrap_err().status(), 500);
/// ```
///
/// # Errors
/// A 500 whose log line says how large the answer is and what to do.
pub fn encode(answer: http::Response<Body>) -> Result<http::Response<Body>, Error> {
    match answer.body().whole() {
        Some(whole) if whole.len() as u64 > MAX_BODY => Err(Error::internal(format!(
            "the answer has {} bytes, and Vercel takes {MAX_BODY} of one that is not streamed: make its body a stream \
             with Body::from_stream, or answer with a link to where the bytes are stored",
            whole.len()
        ))),
        _ => Ok(answer),
    }
}
