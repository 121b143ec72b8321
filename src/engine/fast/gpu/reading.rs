//! Numbers on their way back from the GPU.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::{future::Future, pin::Pin};

/// The device did not give numbers back: it was lost, or has no room for them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the numbers on the GPU cannot be read: {0}")]
pub struct Unread(pub String);

/// The f32 that stand in a buffer's bytes.
pub fn numbers(bytes: &[u8]) -> Vec<f32> {
    let (numbers, _) = bytes.as_chunks();
    numbers.iter().map(|n| f32::from_le_bytes(*n)).collect()
}

/// A buffer that the host will be able to read once the GPU has come to it.
#[derive(Debug)]
pub struct Reading {
    buffer: wgpu::Buffer,
    device: wgpu::Device,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    done: Option<Result<(), Unread>>,
    waker: Option<Waker>,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Nothing panics while it is held; and if it did, the state would still be whole.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reading {
    /// Asks for the buffer as it will be when everything submitted before is done.
    pub fn new(device: &wgpu::Device, buffer: wgpu::Buffer) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let ours = state.clone();
        buffer.map_async(wgpu::MapMode::Read, .., move |result| {
            let mut state = lock(&ours);
            state.done = Some(result.map_err(|error| Unread(error.to_string())));
            if let Some(waker) = state.waker.take() {
                waker.wake();
            }
        });
        Reading {
            buffer,
            device: device.clone(),
            state,
        }
    }

    /// Waits for the bytes. The buffer can be used again afterwards.
    ///
    /// # Errors
    /// [`Unread`].
    pub async fn finish(self) -> Result<(Vec<u8>, wgpu::Buffer), Unread> {
        // In the browser the device goes on by itself and this does nothing.
        let waited = self.device.poll(wgpu::PollType::wait_indefinitely());
        waited.map_err(|error| Unread(error.to_string()))?;
        Mapped(&self.state).await?;
        let unread = |error: wgpu::MapRangeError| Unread(error.to_string());
        let view = self.buffer.get_mapped_range(..).map_err(unread)?;
        let bytes = view.to_vec();
        drop(view);
        self.buffer.unmap();
        Ok((bytes, self.buffer))
    }
}

/// Done when the buffer is there.
struct Mapped<'a>(&'a Mutex<State>);

impl Future for Mapped<'_> {
    type Output = Result<(), Unread>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = lock(self.0);
        match state.done.take() {
            Some(result) => Poll::Ready(result),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
