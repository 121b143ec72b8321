//! The page's few signs, each of 16 by 16, in the colour of the text beside it. A sign never
//! stands alone: its button says in words what it does.

use yew::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Play,
    Pause,
    Step,
    StepBack,
    Restart,
    Stop,
    Light,
    Dark,
    System,
    Close,
    Reset,
    Save,
    Open,
    Write,
}

impl Icon {
    /// A path to be filled, or `None` and a path to be stroked.
    fn shape(self) -> (&'static str, bool) {
        match self {
            Icon::Play => ("M4.5 2.8v10.4L13 8z", true),
            Icon::Pause => ("M4 3h3v10H4zM9 3h3v10H9z", true),
            Icon::Step => ("M3.5 3v10L10 8zM11 3h2v10h-2z", true),
            Icon::StepBack => ("M12.5 3v10L6 8zM3 3h2v10H3z", true),
            Icon::Restart => ("M12.9 6.2A5.2 5.2 0 1 0 13.2 9M13.2 2.8v3.6H9.6", false),
            Icon::Stop => ("M4 4h8v8H4z", true),
            Icon::Light => (
                "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v1.4M8 13.6V15M1 8h1.4M13.6 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
                false,
            ),
            Icon::Dark => ("M13.2 9.8A5.6 5.6 0 0 1 6.2 2.8a5.6 5.6 0 1 0 7 7z", false),
            Icon::System => ("M1.8 3h12.4v8H1.8zM5.5 13.6h5M8 11v2.4", false),
            Icon::Close => ("M4 4l8 8M12 4l-8 8", false),
            Icon::Reset => ("M3.1 6.2A5.2 5.2 0 1 1 2.8 9M2.8 2.8v3.6h3.6", false),
            Icon::Save => ("M8 2v7.6M4.8 6.6L8 9.8l3.2-3.2M2.8 13.2h10.4", false),
            Icon::Open => ("M8 10V2.4M4.8 5.4L8 2.2l3.2 3.2M2.8 13.2h10.4", false),
            Icon::Write => ("M10.6 2.6l2.8 2.8-7.6 7.6-3.4.6.6-3.4z", false),
        }
    }

    pub fn draw(self) -> Html {
        let (path, filled) = self.shape();
        let class = if filled { "icon filled" } else { "icon" };
        html! {
            <svg {class} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
                <path d={path} />
            </svg>
        }
    }
}

/// The sign of the page: a causal attention pattern, each row looking back.
pub fn logo() -> Html {
    let cells = (0..4u8).flat_map(|row| (0..=row).map(move |column| (row, column)));
    html! {
        <svg class="logo" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
            for (row, column) in cells {
                <rect
                    x={(column * 5).to_string()}
                    y={(row * 5).to_string()}
                    width="4.2"
                    height="4.2"
                    rx="1"
                    opacity={if row == column { "1" } else if column + 2 == row { "0.75" } else { "0.35" }}
                />
            }
        </svg>
    }
}
