//! What each scene shows, in a few sentences.

use super::journey::Scene;
use crate::config::attention::{Normaliser, Sharpen};
use crate::config::{Activation, Attention, ModelConfig, Norm};
use crate::explain::NormSite;
use crate::trace::{Branch, Pass};

/// The text of a scene.
pub fn words(scene: Scene, model: &ModelConfig) -> String {
    match scene {
        Scene::Embed => format!(
            "A character is looked up in a table and comes out as {} numbers. The same place in the \
             sentence has a row of its own, and both are added: the model knows what stands there, and \
             where. The result is the beginning of the residual stream.",
            model.n_embd
        ),
        Scene::Norm(NormSite::Final) => {
            "Before the stream is read off it is normed once more: centred, brought to one size, then \
             stretched and shifted channel by channel."
                .into()
        }
        Scene::Norm(_) => {
            let place = match model.norm {
                Norm::Pre => "Here the norm stands before the branch, so that the stream itself is left alone.",
                Norm::Post | Norm::None => {
                    "Here the norm stands after the sum, as in the first Transformer."
                }
            };
            format!(
                "The row's mean is taken off and what is left is divided by its deviation, so that no \
                 token shouts. Each token is normed for itself, across its own channels. {place}"
            )
        }
        Scene::Project(_) => {
            "The same row is multiplied by three learned matrices. The query says what this token looks \
             for, the key what it offers to others, the value what it hands over when it is looked at. \
             Every head has three of its own."
                .into()
        }
        Scene::Score(_) => {
            "The query meets every key up to its own token. Number by number they are multiplied, and \
             the products are summed: a large sum where both point the same way, a negative one where \
             they point apart."
                .into()
        }
        Scene::AdditiveScore(_) => {
            "Instead of being multiplied, query and key are added, bent by tanh, and read off by a \
             vector that the head has learned. For each pair all these numbers must be kept at once, so \
             it needs far more room than a dot product."
                .into()
        }
        Scene::Mask(_) => {
            let note = match model.attention {
                Attention::Additive(_) => "",
                Attention::Standard(_) | Attention::HeadGated(_) | Attention::AdaptiveSpan(_) => {
                    "Sums of many products grow with their number; the root of it brings them back to \
                     size. "
                }
            };
            format!(
                "{note}A token must not see what comes after it, or guessing the next character would be \
                 copying. Minus infinity there becomes a weight of exactly 0. Each row is one query."
            )
        }
        Scene::Sharpen(_) => {
            let Attention::AdaptiveSpan(options) = model.attention else {
                return String::new();
            };
            let note = match options.sharpen {
                Sharpen::Short => "A short span looks sharply.",
                Sharpen::Long => "A long span looks sharply: the formula in the notes, against their words.",
                Sharpen::Off => "In this model it is always 1.",
            };
            format!(
                "What a distance is worth is learned, and added to the score. Then the row is divided by \
                 its temperature: below 1 differences grow, and the head makes up its mind. {note}"
            )
        }
        Scene::Softmax(_) => match model.attention.normaliser() {
            Normaliser::Softmax => {
                "Every score is raised to an exponential, which is never negative and makes the large \
                 ones stand out. Divided by their sum they are shares of one whole: the query has \
                 exactly 1 to give away."
                    .into()
            }
            Normaliser::OffByOne => {
                "Every score is raised to an exponential and divided by the sum of all plus 1. The 1 is \
                 room for nothing: a head that finds no key worth it may look nowhere."
                    .into()
            }
            Normaliser::Sigmoid => {
                "Every score goes through a sigmoid of its own. The weights do not compete, and need not \
                 sum to 1."
                    .into()
            }
        },
        Scene::Mix(_) => {
            "Each value is multiplied by the weight that its key got, and all are added up. What weighs \
             little hardly shows in the sum; this is how one token learns of another."
                .into()
        }
        Scene::Gate => {
            "Three things are measured of each head at this token: how strongly it fires, where it looks, \
             how widely. A small network sees them for all heads together and turns each head up or down. \
             At 1 a head passes as it is."
                .into()
        }
        Scene::Span => {
            "A first pass looked at everything. What it found so far decides how many tokens a second \
             pass may look back, and how sharply. The mean runs over the tokens up to this one: the \
             notes average the whole sentence, which would let a token see its future."
                .into()
        }
        Scene::Window => {
            "Within the span the window is open, at its end it fades out over a few tokens, beyond it \
             nothing is seen. A hard end would have no slope to learn from; the ramp has one."
                .into()
        }
        Scene::Heads => match model.attention {
            Attention::AdaptiveSpan(_) => {
                "Every head of both passes goes through its own slice of the output matrices. The slices \
                 add up to what attention adds. Length says how much a head contributes, cosine whether \
                 it pulls the same way as the sum, entropy how widely it looked, in bits."
                    .into()
            }
            Attention::Standard(_) | Attention::HeadGated(_) | Attention::Additive(_) => {
                "Every head goes through its own slice of the output matrix, and the slices add up to \
                 what attention adds. Length says how much a head contributes, cosine whether it pulls \
                 the same way as the sum, entropy how widely it looked, in bits."
                    .into()
            }
        },
        Scene::Add(branch) => {
            let what = match branch {
                Branch::Attn => "what attention found",
                Branch::Mlp => "what the feed-forward made",
            };
            format!(
                "The stream is not replaced: {what} is added to it. On this road a number from the \
                 embedding can reach the end untouched, and while learning the slope finds its way back."
            )
        }
        Scene::FeedForward => {
            let bend = match model.activation {
                Activation::Relu => "Those below 0 stay silent.",
                Activation::Gelu => "Those below 0 stay nearly silent.",
            };
            format!(
                "The tokens have talked, now each thinks for itself. {} neurons read the stream, each \
                 with weights of its own. {bend} The rest write back to the stream.",
                4 * model.n_embd
            )
        }
        Scene::Cache => format!(
            "Later tokens look back at this one by its key and its value. Neither can change any more, \
             since no token sees what comes after it. So they are kept: the next character costs one \
             new row in each block, and nothing of the earlier ones is computed again. That ends after \
             {} tokens: the window slides, every token gets another position, and all is made anew.",
            model.block_size
        ),
        Scene::Lens => {
            "What would the model say if it ended earlier? The stream at every depth, put through the \
             last norm and the unembedding: a glimpse of a guess that is being formed."
                .into()
        }
        Scene::Logits => {
            "The stream is compared with a row for each character: the better the fit, the larger the \
             logit. Softmax makes probabilities of them, just as it made weights of scores."
                .into()
        }
        Scene::Sample => {
            "The next character is drawn by chance, as likely as it stands here. A temperature below 1 \
             favours the likeliest, one above 1 the others; top k and top p leave only the first few. \
             A place between 0 and 1, made from the seed, decides: the same seed draws the same. The \
             character then joins the sentence, and its own journey begins."
                .into()
        }
    }
}

/// The scene's formula, in the field's letters.
pub fn formula(scene: Scene) -> &'static str {
    match scene {
        Scene::Embed => "x = tok[c] + pos[i]",
        Scene::Norm(_) => "LN(x) = (x − mean) / deviation · stretch + shift",
        Scene::Project(_) => "q = x Wq,  k = x Wk,  v = x Wv",
        Scene::Score(_) => "s = q · k",
        Scene::AdditiveScore(_) => "s = v · tanh(q + k)",
        Scene::Mask(_) => "S = s / √D,  −∞ in the future",
        Scene::Sharpen(_) => "S = (q · k / √D + c[distance]) / t",
        Scene::Softmax(place) => match place.pass {
            Some(Pass::Local) => "A = w exp S / Σ w exp S",
            Some(Pass::Global) | None => "A = exp S / Σ exp S",
        },
        Scene::Mix(_) => "z = Σ A v",
        Scene::Gate => "g = f(W₂ gelu(W₁ u)),  u = a, r, d of every head",
        Scene::Span => "s = sigmoid(w · LN(mean of G)),  z = max(1, s M)",
        Scene::Window => "w = (R + z − 1 − distance) / R, between 0 and 1",
        Scene::Heads => "E = Σ z Wo, head by head",
        Scene::Add(_) => "x + f(x)",
        Scene::FeedForward => "f(x) = bend(x W₁) W₂",
        Scene::Cache => "k, v: one row a token, kept for all that follow",
        Scene::Lens => "softmax(LN(x) U)",
        Scene::Logits => "p = softmax(x U)",
        Scene::Sample => "p = softmax(logits / T), of the kept ones",
    }
}
