//! How a message of [`crate::protocol`] crosses between page and worker.
//!
//! A parcel is the JavaScript array `[json, payload, payload, ...]`: the message as JSON text, then
//! its payloads as `Uint8Array`s whose buffers are transferred, so that no checkpoint is copied.

use crate::json;
use js_sys::{Array, Uint8Array};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue};

/// A message and the bytes that travel with it.
#[derive(Clone, Debug)]
pub struct Parcel<M> {
    pub message: M,
    pub payloads: Vec<Vec<u8>>,
}

impl<M> From<M> for Parcel<M> {
    fn from(message: M) -> Self {
        Parcel {
            message,
            payloads: Vec::new(),
        }
    }
}

impl<M> Parcel<M> {
    pub fn with(message: M, payloads: Vec<Vec<u8>>) -> Self {
        Parcel { message, payloads }
    }
}

impl<M: Serialize> Parcel<M> {
    /// The value to post and the list of buffers to transfer.
    ///
    /// # Errors
    /// When the message holds what JSON cannot say.
    pub fn pack(&self) -> Result<(JsValue, Array), String> {
        let json = serde_json::to_string(&self.message).map_err(|e| e.to_string())?;
        let parcel = Array::of1(&JsValue::from_str(&json));
        let transfer = Array::new();
        for bytes in &self.payloads {
            let array = Uint8Array::from(bytes.as_slice());
            transfer.push(&array.buffer());
            parcel.push(&array);
        }
        Ok((parcel.into(), transfer))
    }
}

impl<M: DeserializeOwned> Parcel<M> {
    /// Reads what the other side posted.
    ///
    /// # Errors
    /// When it is not a parcel of this protocol.
    pub fn unpack(value: &JsValue) -> Result<Self, String> {
        let parcel: &Array = value.dyn_ref().ok_or("a message that is not an array")?;
        let text = parcel
            .get(0)
            .as_string()
            .ok_or("a message without its text")?;
        let message = json::read(&text).map_err(|e| format!("{e} in {text}"))?;
        let payloads = parcel.iter().skip(1).map(|item| {
            let bytes: Uint8Array = item.dyn_into().map_err(|_| "a payload without bytes")?;
            Ok(bytes.to_vec())
        });
        Ok(Parcel {
            message,
            payloads: payloads.collect::<Result<_, String>>()?,
        })
    }
}
