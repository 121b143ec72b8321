//! A connection that speaks the Chrome DevTools Protocol: commands with answers, and events.
//!
//! One thread owns it. Events that arrive while an answer is awaited wait in a queue, so that
//! whoever owns the connection decides what they mean.

use crate::{Outcome, Trouble, trouble};
use serde_json::{Value as Json, json};
use std::{
    collections::{HashMap, VecDeque},
    io::ErrorKind,
    net::TcpStream,
    time::Duration,
};
use tungstenite::{Message, WebSocket, client::client_with_config, protocol::WebSocketConfig};

/// Something that happened in a target; `session` is empty for the browser itself.
#[derive(Clone, Debug)]
pub struct Event {
    pub session: String,
    pub method: String,
    pub params: Json,
}

pub struct Cdp {
    socket: WebSocket<TcpStream>,
    last_id: u64,
    /// Answers by their command's number; only those that somebody waits for are kept.
    answers: HashMap<u64, Option<Json>>,
    pub events: VecDeque<Event>,
}

impl Cdp {
    /// # Errors
    /// When nobody listens there.
    pub fn connect(address: &str) -> Outcome<Cdp> {
        let host = address
            .strip_prefix("ws://")
            .and_then(|rest| rest.split('/').next())
            .unwrap_or_default();
        let stream = TcpStream::connect(host).map_err(broken)?;
        stream.set_nodelay(true).map_err(broken)?;
        // Screenshots and checkpoints are large.
        let config = WebSocketConfig::default()
            .max_message_size(None)
            .max_frame_size(None);
        let (socket, _) = client_with_config(address, stream, Some(config))
            .map_err(|e| Trouble::Other(format!("no connection to Chromium: {e}")))?;
        Ok(Cdp {
            socket,
            last_id: 0,
            answers: HashMap::new(),
            events: VecDeque::new(),
        })
    }

    /// Sends a command whose answer nobody waits for.
    ///
    /// # Errors
    /// When the browser is gone.
    pub fn send(&mut self, session: &str, method: &str, params: Json) -> Outcome<u64> {
        self.last_id += 1;
        let mut message = json!({"id": self.last_id, "method": method, "params": params});
        if !session.is_empty() {
            message["sessionId"] = session.into();
        }
        self.socket
            .send(Message::text(message.to_string()))
            .map_err(|e| Trouble::Other(format!("{method}: Chromium is gone ({e})")))?;
        Ok(self.last_id)
    }

    /// Sends a command and marks its answer as awaited: [`Cdp::answer`] gives it once it is there.
    ///
    /// # Errors
    /// When the browser is gone.
    pub fn ask(&mut self, session: &str, method: &str, params: Json) -> Outcome<u64> {
        let id = self.send(session, method, params)?;
        self.answers.insert(id, None);
        Ok(id)
    }

    /// Takes the answer to the command of that number, if it has come.
    ///
    /// # Errors
    /// What the browser had against the command.
    pub fn answer(&mut self, id: u64) -> Outcome<Option<Json>> {
        let Some(mut answer) = self.answers.get_mut(&id).and_then(Option::take) else {
            return Ok(None);
        };
        self.answers.remove(&id);
        match answer.get("error") {
            Some(error) => trouble(format!("Chromium refused: {error}")),
            None => Ok(Some(answer["result"].take())),
        }
    }

    /// Reads one message, waiting for it no longer than `patience`. False when none came.
    ///
    /// # Errors
    /// When the browser is gone.
    pub fn pump(&mut self, patience: Duration) -> Outcome<bool> {
        self.socket
            .get_ref()
            .set_read_timeout(Some(patience.max(Duration::from_millis(1))))
            .map_err(broken)?;
        let message = match self.socket.read() {
            Ok(Message::Text(text)) => text,
            Ok(_) => return Ok(true),
            Err(tungstenite::Error::Io(error))
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
            {
                return Ok(false);
            }
            Err(error) => return trouble(format!("Chromium is gone ({error})")),
        };
        let mut message: Json = serde_json::from_str(&message)
            .map_err(|e| Trouble::Other(format!("Chromium said what is no JSON: {e}")))?;
        if let Some(id) = message["id"].as_u64() {
            // Nobody waits for the answers to commands that were only sent.
            if let Some(awaited) = self.answers.get_mut(&id) {
                *awaited = Some(message);
            }
        } else {
            self.events.push_back(Event {
                session: message["sessionId"].as_str().unwrap_or_default().into(),
                method: message["method"].as_str().unwrap_or_default().into(),
                params: message["params"].take(),
            });
        }
        Ok(true)
    }
}

fn broken(error: std::io::Error) -> Trouble {
    Trouble::Other(format!("no connection to Chromium: {error}"))
}
