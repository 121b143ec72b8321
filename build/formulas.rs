//! The scenes' formulas, from LaTeX to MathML, when the page is built: the page draws what browsers
//! draw by themselves, and carries no converter.

use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};
use std::fmt::Write;

/// Name, formula, and how one says it. A bold letter is a query, a key or a value, and gets the
/// colour of its role.
const FORMULAS: [(&str, &str, &str); 30] = [
    (
        "EMBED",
        r"x = \operatorname{tok}[c] + \operatorname{pos}[i]",
        "x is tok of c plus pos of i",
    ),
    (
        "NORM",
        r"\operatorname{LN}(x) = \frac{x - \text{mean}}{\text{deviation}} \cdot \text{stretch} + \text{shift}",
        "LN of x is x less its mean, divided by its deviation, times stretch, plus shift",
    ),
    (
        "PROJECT",
        r"\mathbf{q} = x W_q + b, \quad \mathbf{k} = x W_k + b, \quad \mathbf{v} = x W_v + b",
        "q is x times W q plus b; k and v likewise",
    ),
    (
        "SCORE",
        r"s = \mathbf{q} \cdot \mathbf{k} = \sum_d \mathbf{q}_d \mathbf{k}_d",
        "s is the dot product of q and k: the sum over d of q d times k d",
    ),
    (
        "ADDITIVE_SCORE",
        r"s = v \cdot \tanh(\mathbf{q} + \mathbf{k})",
        "s is the dot product of the head's vector v and tanh of q plus k",
    ),
    (
        "MASK",
        r"S_{ij} = \frac{s_{ij}}{\sqrt{D}} \text{ for } j \le i, \quad -\infty \text{ for } j > i",
        "S of i and j is s divided by the root of D where j is at most i, minus infinity beyond",
    ),
    (
        "MASK_ADDITIVE",
        r"S_{ij} = s_{ij} \text{ for } j \le i, \quad -\infty \text{ for } j > i",
        "S of i and j is s where j is at most i, minus infinity beyond",
    ),
    (
        "SHARPEN",
        r"S_{ij} = \frac{\mathbf{q}_i \cdot \mathbf{k}_j / \sqrt{D} + c_{i-j}}{t_i}",
        "S of i and j is q dot k divided by the root of D, plus c of the distance, all divided by t",
    ),
    (
        "SOFTMAX",
        r"A_{ij} = \frac{e^{S_{ij}}}{\sum_k e^{S_{ik}}}",
        "A is e to the S, divided by the sum over all keys of e to the S",
    ),
    (
        "SOFTMAX_WINDOW",
        r"A_{ij} = \frac{w_{ij} e^{S_{ij}}}{\sum_k w_{ik} e^{S_{ik}}}",
        "A is w times e to the S, divided by the sum over all keys of w times e to the S",
    ),
    (
        "OFF_BY_ONE",
        r"A_{ij} = \frac{e^{S_{ij}}}{1 + \sum_k e^{S_{ik}}}",
        "A is e to the S, divided by 1 plus the sum over all keys of e to the S",
    ),
    (
        "OFF_BY_ONE_WINDOW",
        r"A_{ij} = \frac{w_{ij} e^{S_{ij}}}{1 + \sum_k w_{ik} e^{S_{ik}}}",
        "A is w times e to the S, divided by 1 plus the sum over all keys of w times e to the S",
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
        r"s_i = \operatorname{sigmoid}\Bigl(w \cdot \operatorname{LN}\Bigl(\frac{1}{i + 1} \sum_{j \le i} G_j\Bigr) + b\Bigr), \quad z_i = \max(1, s_i M)",
        "s is the sigmoid of w dot LN of the mean of G up to i, plus b; z is the larger of 1 and s times M",
    ),
    (
        "SPAN_POSITION",
        r"s_i = \operatorname{sigmoid}(w \cdot \operatorname{LN}(G_i) + b), \quad z_i = \max(1, s_i M)",
        "s is the sigmoid of w dot LN of G of i, plus b; z is the larger of 1 and s times M",
    ),
    (
        "WINDOW",
        r"w_{ij} = \frac{R + z_i - 1 - (i - j)}{R}, \quad 0 \le w_{ij} \le 1",
        "w is R plus z less 1 less the distance, divided by R, kept between 0 and 1",
    ),
    (
        "HEADS",
        r"E = \sum_h z_h W_h + b",
        "E is the sum over all heads of z times the head's slice of W, plus b",
    ),
    (
        "HEADS_GATED",
        r"E = \sum_h g_h z_h W_h + b",
        "E is the sum over all heads of the gate g times z times the head's slice of W, plus b",
    ),
    ("ADD_ATTENTION", r"x \leftarrow x + E", "x becomes x plus E"),
    (
        "ADD_FEED_FORWARD",
        r"x \leftarrow x + f(x)",
        "x becomes x plus f of x",
    ),
    (
        "RELU",
        r"f(x) = \operatorname{relu}(x W_1 + b_1) W_2 + b_2",
        "f of x is relu of x W 1 plus b 1, times W 2, plus b 2",
    ),
    (
        "GELU",
        r"f(x) = \operatorname{gelu}(x W_1 + b_1) W_2 + b_2",
        "f of x is gelu of x W 1 plus b 1, times W 2, plus b 2",
    ),
    (
        "CACHE",
        r"\mathbf{k}_{\le i},\ \mathbf{v}_{\le i} \text{ kept}, \quad \mathbf{k}_{i+1},\ \mathbf{v}_{i+1} \text{ new}",
        "the keys and values up to i are kept, those of i plus 1 are new",
    ),
    (
        "LENS",
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
