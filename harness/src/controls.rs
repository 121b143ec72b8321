//! What a person does with a page: finds controls by what a screen reader calls them, clicks,
//! types, chooses files, reads.

use crate::{Outcome, Trouble, page::Page, trouble};
use data_encoding::BASE64;
use serde_json::{Value as Json, json};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// A control that does not appear in this time never will.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node of the accessibility tree: what a screen reader would say.
#[derive(Clone, Debug)]
pub struct Control {
    pub role: String,
    pub name: String,
    pub disabled: bool,
    node: Json,
}

impl Page {
    /// Everything a screen reader would find.
    ///
    /// # Errors
    /// When the browser is gone.
    pub fn controls(&mut self) -> Outcome<Vec<Control>> {
        let tree = self.command("Accessibility.getFullAXTree", json!({}))?;
        let nodes = tree["nodes"].as_array().into_iter().flatten();
        let heard = nodes.filter(|node| node["ignored"] == false);
        Ok(heard
            .map(|node| Control {
                role: node["role"]["value"].as_str().unwrap_or_default().into(),
                name: node["name"]["value"].as_str().unwrap_or_default().into(),
                disabled: node["properties"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .any(|p| p["name"] == "disabled" && p["value"]["value"] == true),
                node: node["backendDOMNodeId"].clone(),
            })
            .collect())
    }

    /// Waits for a control of that role whose name begins so, ready to be used.
    ///
    /// # Errors
    /// When it does not come, with those of its role that are there.
    pub fn find(&mut self, role: &str, name: &str) -> Outcome<Control> {
        let start = Instant::now();
        let wanted = name.to_lowercase();
        loop {
            let controls = self.controls()?;
            let of_role = controls.into_iter().filter(|c| c.role == role);
            let (fit, rest): (Vec<_>, Vec<_>) =
                of_role.partition(|c| c.name.to_lowercase().starts_with(&wanted) && !c.disabled);
            if let Some(control) = fit.into_iter().next() {
                return Ok(control);
            }
            if start.elapsed() > PATIENCE {
                return trouble(format!("no {role} \"{name}\" to use, only {rest:#?}"));
            }
            self.idle(Duration::from_millis(50))?;
        }
    }

    /// Whether there is such a control at this moment, ready to be used.
    ///
    /// # Errors
    /// When the browser is gone.
    pub fn has(&mut self, role: &str, name: &str) -> Outcome<bool> {
        let wanted = name.to_lowercase();
        let controls = self.controls()?;
        let mut of_role = controls.iter().filter(|c| c.role == role && !c.disabled);
        Ok(of_role.any(|c| c.name.to_lowercase().starts_with(&wanted)))
    }

    /// Presses the mouse where that control is.
    ///
    /// # Errors
    /// When there is no such control, or it is nowhere on the screen.
    pub fn click(&mut self, role: &str, name: &str) -> Outcome<()> {
        let start = Instant::now();
        loop {
            let control = self.find(role, name)?;
            match self.press(&control) {
                // The page may have drawn itself anew between finding and pressing.
                Err(Trouble::Other(_)) if start.elapsed() < PATIENCE => {
                    self.idle(Duration::from_millis(50))?;
                }
                done => return done,
            }
        }
    }

    fn press(&mut self, control: &Control) -> Outcome<()> {
        let node = json!({"backendNodeId": control.node});
        self.command("DOM.scrollIntoViewIfNeeded", node.clone())?;
        let quads = self.command("DOM.getContentQuads", node)?;
        let corner = |i: usize| quads["quads"][0][i].as_f64();
        let (Some(x0), Some(y0), Some(x1), Some(y1)) = (corner(0), corner(1), corner(4), corner(5))
        else {
            return trouble(format!("{control:?} is nowhere on the screen"));
        };
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({
                "type": kind, "x": (x0 + x1) / 2.0, "y": (y0 + y1) / 2.0,
                "button": "left", "clickCount": 1
            });
            self.command("Input.dispatchMouseEvent", event)?;
        }
        Ok(())
    }

    /// Puts text into a field in place of what was there, as by typing.
    ///
    /// # Errors
    /// When there is no such field.
    pub fn fill(&mut self, role: &str, name: &str, text: &str) -> Outcome<()> {
        let control = self.find(role, name)?;
        self.command("DOM.focus", json!({"backendNodeId": control.node}))?;
        self.eval::<()>("void document.activeElement.select()")?;
        self.command("Input.insertText", json!({"text": text}))?;
        Ok(())
    }

    /// Moves the slider that a CSS selector finds, as by a hand that lets go there.
    ///
    /// # Errors
    /// When there is no such slider.
    pub fn slide(&mut self, slider: &str, to: i32) -> Outcome<()> {
        let slider = Json::from(slider);
        self.script(&format!(
            "const slider = document.querySelector({slider});
             slider.value = '{to}';
             slider.dispatchEvent(new InputEvent('input', {{ bubbles: true }}));"
        ))
    }

    /// Takes one of the options that a control offers, by the words that it shows.
    ///
    /// # Errors
    /// When there is no such control, or no such option of it.
    pub fn choose(&mut self, name: &str, option: &str) -> Outcome<()> {
        let control = self.find("combobox", name)?;
        let resolved = self.command("DOM.resolveNode", json!({"backendNodeId": control.node}))?;
        let act = "function (words) {
            const option = [...this.options].find(option => option.text === words);
            if (!option) return [...this.options].map(option => option.text).join(', ');
            this.value = option.value;
            this.dispatchEvent(new Event('change', { bubbles: true }));
            return '';
        }";
        let call = json!({
            "objectId": resolved["object"]["objectId"],
            "functionDeclaration": act,
            "arguments": [{"value": option}],
            "returnByValue": true
        });
        let called = self.command("Runtime.callFunctionOn", call)?;
        match called["result"]["value"].as_str() {
            Some("") => Ok(()),
            others => trouble(format!(
                "{name} does not offer \"{option}\", only {others:?}"
            )),
        }
    }

    /// Gives the file chooser of that name a file of these bytes.
    ///
    /// # Errors
    /// When the page has no such chooser.
    pub fn upload(&mut self, chooser: &str, name: &str, bytes: &[u8]) -> Outcome<()> {
        let path = self.chromium.profile.join(name);
        fs::write(&path, bytes)
            .map_err(|e| Trouble::Other(format!("cannot write {}: {e}", path.display())))?;
        self.upload_file(chooser, &path)
    }

    /// Gives the file chooser of that name a file that exists.
    ///
    /// # Errors
    /// When the page has no such chooser.
    pub fn upload_file(&mut self, chooser: &str, path: &Path) -> Outcome<()> {
        // A file chooser is a button to a screen reader.
        let control = self.find("button", chooser)?;
        let files = [path.display().to_string()];
        let files = json!({"files": files, "backendNodeId": control.node});
        self.command("DOM.setFileInputFiles", files)?;
        Ok(())
    }

    /// Waits until the page shows a text, in whatever case.
    ///
    /// # Errors
    /// When it never does, with what it shows instead.
    pub fn shows(&mut self, text: &str) -> Outcome<()> {
        let wanted = Json::from(text.to_lowercase());
        let condition = format!("document.body.innerText.toLowerCase().includes({wanted})");
        let start = Instant::now();
        while !self.eval::<bool>(&condition)? {
            if start.elapsed() > PATIENCE {
                let shown: String = self.eval("document.body.innerText")?;
                return trouble(format!("the page never said \"{text}\"; it says:\n{shown}"));
            }
            self.idle(Duration::from_millis(50))?;
        }
        Ok(())
    }

    /// A picture of the window's content.
    ///
    /// # Errors
    /// When the browser gives none.
    pub fn screenshot(&mut self, path: &Path) -> Outcome<()> {
        let picture = self.command("Page.captureScreenshot", json!({"format": "png"}))?;
        let data = picture["data"].as_str().unwrap_or_default().as_bytes();
        let bytes = BASE64.decode(data);
        let bytes = bytes.map_err(|e| Trouble::Other(format!("no picture: {e}")))?;
        fs::write(path, bytes)
            .map_err(|e| Trouble::Other(format!("cannot write {}: {e}", path.display())))
    }
}
