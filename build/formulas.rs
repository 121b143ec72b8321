//! The scenes' formulas, from LaTeX to MathML, when the page is built: the page draws what browsers
//! draw by themselves, and carries no converter.

use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};
use std::fmt::Write;

/// Name, formula, and how one says it. A bold letter is a query, a key or a value, and gets the
/// colour of its role.
const FORMULAS: [(&str, &str, &str); 38] = [
    (
        "EMBED",
        r"x = \operatorname{tok}[c] + \operatorname{pos}[i]",
        "x is tok of c plus pos of i",
    ),
    (
        "NORM",
        r"\operatorname{LN}(x) = \frac{x - \text{mean}}{\text{deviation}} \cdot \text{stretch} + \text{shift}",
        "LN of x is x minus its mean, divided by its deviation, times stretch, plus shift",
    ),
    (
        "PROJECT",
        r"\mathbf{q} = \operatorname{LN}(x) W_q + b, \quad \mathbf{k} = \operatorname{LN}(x) W_k + b, \quad \mathbf{v} = \operatorname{LN}(x) W_v + b",
        "q is LN of x times W q plus b; k and v likewise",
    ),
    (
        "PROJECT_BARE",
        r"\mathbf{q} = x W_q + b, \quad \mathbf{k} = x W_k + b, \quad \mathbf{v} = x W_v + b",
        "q is x times W q plus b; k and v likewise",
    ),
    (
        "SCORE",
        r"\mathbf{q}_i \cdot \mathbf{k}_j = \mathbf{q}_{i0} \mathbf{k}_{j0} + \mathbf{q}_{i1} \mathbf{k}_{j1} + \dots",
        "the dot product of q of i and k of j: the first number of q times the first of k, plus the second times the second, and so on",
    ),
    (
        "ADDITIVE_SCORE",
        r"S_{ij} = \omega \cdot \tanh(\mathbf{q}_i + \mathbf{k}_j)",
        "S of i and j is the dot product of the head's vector omega and tanh of q plus k",
    ),
    (
        "MASK",
        r"S_{ij} = \frac{\mathbf{q}_i \cdot \mathbf{k}_j}{\sqrt{D}} \text{ for } j \le i, \quad -\infty \text{ for } j > i",
        "S of i and j is q dot k divided by the root of D where j is at most i, minus infinity beyond",
    ),
    (
        "MASK_LOCAL",
        r"\frac{\mathbf{q}_i \cdot \mathbf{k}_j}{\sqrt{D}} \text{ for } j \le i, \quad -\infty \text{ for } j > i",
        "q dot k divided by the root of D where j is at most i, minus infinity beyond",
    ),
    (
        "MASK_ADDITIVE",
        r"S_{ij} \text{ stays for } j \le i, \quad S_{ij} = -\infty \text{ for } j > i",
        "S of i and j stays where j is at most i, and is minus infinity beyond",
    ),
    (
        "SHARPEN",
        r"S_{ij} = \frac{\mathbf{q}_i \cdot \mathbf{k}_j / \sqrt{D} + \beta_{i-j}}{t_i}",
        "S of i and j is q dot k divided by the root of D, plus beta of the distance, all divided by t",
    ),
    (
        "SOFTMAX",
        r"A_{ij} = \frac{e^{S_{ij} - m_i}}{\sum_l e^{S_{il} - m_i}}, \quad m_i = \max_{l \le i} S_{il}",
        "A is e to the S minus m, divided by the sum over all keys of e to the S minus m; m is the largest S",
    ),
    (
        "SOFTMAX_WINDOW",
        r"A_{ij} = \frac{w_{ij} e^{S_{ij} - m_i}}{\sum_l w_{il} e^{S_{il} - m_i}}, \quad m_i = \max_{w_{il} > 0} S_{il}",
        "A is w times e to the S minus m, divided by the sum over all keys of w times e to the S minus m; m is the largest S",
    ),
    (
        "OFF_BY_ONE",
        r"A_{ij} = \frac{e^{S_{ij} - m_i}}{e^{-m_i} + \sum_l e^{S_{il} - m_i}}, \quad m_i = \max(0, S_{i0}, \dots, S_{ii})",
        "A is e to the S minus m, divided by e to the minus m plus the sum over all keys of e to the S minus m; m is the largest S, 0 at least",
    ),
    (
        "OFF_BY_ONE_WINDOW",
        r"A_{ij} = \frac{w_{ij} e^{S_{ij} - m_i}}{e^{-m_i} + \sum_l w_{il} e^{S_{il} - m_i}}, \quad m_i = \max(0, S_{il} \text{ with } w_{il} > 0)",
        "A is w times e to the S minus m, divided by e to the minus m plus the sum over all keys of w times e to the S minus m; m is the largest S, 0 at least",
    ),
    (
        "SIGMOID",
        r"A_{ij} = \frac{1}{1 + e^{-S_{ij} + \ln(i + 1)}}",
        "A is 1 divided by 1 plus e to the minus S plus ln of i plus 1",
    ),
    (
        "SIGMOID_WINDOW",
        r"A_{ij} = \frac{w_{ij}}{1 + e^{-S_{ij} + \ln(i + 1)}}",
        "A is w divided by 1 plus e to the minus S plus ln of i plus 1",
    ),
    (
        "MIX",
        r"z_i = \sum_j A_{ij} \mathbf{v}_j",
        "z of i is the sum over all keys j of A times v",
    ),
    (
        "GATE_TWO_SIGMOID",
        r"g = \frac{2}{1 + e^{-y}}, \quad y = W_2 \operatorname{gelu}(W_1 u + b_1) + b_2",
        "g is 2 divided by 1 plus e to the minus y; y is W 2 times gelu of W 1 u plus b 1, plus b 2",
    ),
    (
        "GATE_LOG_SYMMETRIC",
        r"g = e^{\ln 4 \cdot \tanh y}, \quad y = W_2 \operatorname{gelu}(W_1 u + b_1) + b_2",
        "g is e to the ln 4 times tanh of y; y is W 2 times gelu of W 1 u plus b 1, plus b 2",
    ),
    (
        "SPAN",
        r"s_i = \operatorname{sigmoid}\Bigl(W_s \cdot \operatorname{LN}\Bigl(\frac{1}{i + 1} \sum_{j \le i} G_j\Bigr) + b\Bigr), \quad n_i = \max(1, s_i M)",
        "s is the sigmoid of W s dot LN of the mean of G up to i, plus b; n is the larger of 1 and s times M",
    ),
    (
        "SPAN_POSITION",
        r"s_i = \operatorname{sigmoid}(W_s \cdot \operatorname{LN}(G_i) + b), \quad n_i = \max(1, s_i M)",
        "s is the sigmoid of W s dot LN of G of i, plus b; n is the larger of 1 and s times M",
    ),
    (
        "SHARP_IF_SHORT",
        r"t_i = 1 - \alpha (1 - s_i)",
        "t is 1 minus alpha times 1 minus s",
    ),
    (
        "SHARP_IF_LONG",
        r"t_i = 1 - \alpha s_i",
        "t is 1 minus alpha times s",
    ),
    ("NEVER_SHARP", r"t_i = 1", "t is 1"),
    (
        "WINDOW",
        r"w_{ij} = \frac{R + n_i - 1 - (i - j)}{R}, \quad 0 \le w_{ij} \le 1",
        "w is R plus n minus 1 minus the distance, divided by R, kept between 0 and 1",
    ),
    (
        "HEADS",
        r"E = \sum_h z_h W_h + b",
        "E is the sum over all heads of z times the head's own W, plus b",
    ),
    (
        "HEADS_OF_BOTH",
        r"E = \sum_{\text{passes}} \sum_h z_h W_h + b",
        "E is the sum over both passes and all heads of z times the head's own W, plus b",
    ),
    (
        "HEADS_GATED",
        r"E = \sum_h g_h z_h W_h + b",
        "E is the sum over all heads of the gate g times z times the head's own W, plus b",
    ),
    ("ADD_ATTENTION", r"x \leftarrow x + E", "x becomes x plus E"),
    (
        "ADD_FEED_FORWARD",
        r"x \leftarrow x + F",
        "x becomes x plus F",
    ),
    (
        "RELU",
        r"F = \operatorname{relu}(\operatorname{LN}(x) W_1 + b_1) W_2 + b_2",
        "F is relu of LN of x times W 1 plus b 1, times W 2, plus b 2",
    ),
    (
        "RELU_BARE",
        r"F = \operatorname{relu}(x W_1 + b_1) W_2 + b_2",
        "F is relu of x times W 1 plus b 1, times W 2, plus b 2",
    ),
    (
        "GELU",
        r"F = \operatorname{gelu}(\operatorname{LN}(x) W_1 + b_1) W_2 + b_2",
        "F is gelu of LN of x times W 1 plus b 1, times W 2, plus b 2",
    ),
    (
        "GELU_BARE",
        r"F = \operatorname{gelu}(x W_1 + b_1) W_2 + b_2",
        "F is gelu of x times W 1 plus b 1, times W 2, plus b 2",
    ),
    (
        "CACHE",
        r"\mathbf{k}_{\le i},\ \mathbf{v}_{\le i} \text{ kept}, \quad \mathbf{k}_{i+1},\ \mathbf{v}_{i+1} \text{ new}",
        "the keys and values up to i are kept, those of i plus 1 are new",
    ),
    (
        "LOGITS_NORMED",
        r"p = \operatorname{softmax}(\operatorname{LN}(x) U)",
        "p is softmax of LN of x times U",
    ),
    (
        "LOGITS",
        r"p = \operatorname{softmax}(x U)",
        "p is softmax of x times U",
    ),
    (
        "SAMPLE",
        r"p = \operatorname{softmax}(\text{logits} / T) \text{ of those that are kept}",
        "p is softmax of the logits divided by T, of those that are kept",
    ),
];

/// The roles' letters as they are marked, as they are written, and their class in the style sheet.
const ROLES: [(char, char, &str); 3] = [
    ('𝐪', 'q', "of-query"),
    ('𝐤', 'k', "of-key"),
    ('𝐯', 'v', "of-value"),
];

/// The program text of one constant for each formula.
pub fn constants() -> String {
    let converter = LatexToMathML::new(MathCoreConfig::default()).expect("no macros to refuse");
    let mut text = String::new();
    for (name, latex, said) in FORMULAS {
        // Browsers break no formula into lines: each part is one of its own.
        let mut opened = String::new();
        for part in latex.split(r"\quad") {
            let made = converter.convert_with_local_state(part.trim(), MathDisplay::Block);
            let mathml = made.unwrap_or_else(|why| panic!("{name}: {why:?}")).mathml;
            // The first says it all.
            let start = match opened.is_empty() {
                true => format!("<math alttext=\"{said}\""),
                false => "<math aria-hidden=\"true\"".into(),
            };
            opened += &mathml.replacen("<math", &start, 1);
        }
        let coloured = ROLES
            .iter()
            .fold(opened, |mathml, (marked, letter, class)| {
                mathml.replace(
                    &format!("<mi>{marked}</mi>"),
                    &format!("<mi class=\"{class}\">{letter}</mi>"),
                )
            });
        let left = ROLES.iter().find(|(marked, ..)| coloured.contains(*marked));
        assert!(left.is_none(), "{name}: a letter kept its mark: {coloured}");
        writeln!(text, "pub const {name}: &str = {coloured:?};").expect("memory takes it");
    }
    text
}
