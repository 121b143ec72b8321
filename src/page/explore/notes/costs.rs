//! What a dot product costs and what an additive score does, counted out.

use super::paper;
use crate::page::field::on_number;
use crate::page::format::count;
use crate::page::state::explore::Slot;
use yew::prelude::*;

/// The largest head size that can be tried.
const LARGEST: usize = 128;

/// Steps for the scores of a block, and the numbers kept for them.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cost {
    multiplications: usize,
    additions: usize,
    divisions: usize,
    tanh: usize,
    /// Numbers that stand between query, key and score all at once.
    held: usize,
}

impl Cost {
    /// q . k / sqrt(D): a sum of D products, formed as it goes.
    fn of_dot(pairs: usize, size: usize) -> Cost {
        Cost {
            multiplications: pairs * size,
            additions: pairs * size.saturating_sub(1),
            divisions: pairs,
            tanh: 0,
            held: 0,
        }
    }

    /// v . tanh(q + k): D sums, each bent, then the same sum of products.
    fn of_additive(pairs: usize, size: usize) -> Cost {
        Cost {
            multiplications: pairs * size,
            additions: pairs * (size + size.saturating_sub(1)),
            divisions: 0,
            tanh: pairs * size,
            held: pairs * size,
        }
    }

    fn rows(self) -> [(&'static str, usize); 5] {
        [
            ("multiplications", self.multiplications),
            ("additions", self.additions),
            ("divisions", self.divisions),
            ("tanh", self.tanh),
            ("numbers held in between", self.held),
        ]
    }
}

#[derive(PartialEq, Properties)]
pub struct CostsProps {
    pub slot: Slot,
}

#[component]
pub fn Costs(props: &CostsProps) -> Html {
    let source = props.slot.source();
    let (tokens, heads) = (source.tokens(), source.model().n_head);
    let own = source.head_size();
    let tried = use_state_eq(|| None);
    let size = tried.unwrap_or(own);
    let pairs = heads * tokens * (tokens + 1) / 2;
    let dot = Cost::of_dot(pairs, size).rows();
    let additive = Cost::of_additive(pairs, size).rows();
    let on_input = {
        let tried = tried.clone();
        on_number(move |size| tried.set(Some(size as usize)))
    };
    html! {
        <>
            <p>
                { "One reads that an additive score (" }
                { paper("Bahdanau, Cho and Bengio, 2015", "1409.0473") }
                { ") costs steps of order D, the head size, and a dot product steps of order 1. Counted out, neither is of order 1: move the head size, \
                   and both grow with it. What holds is that the additive score is the dearer one. It \
                   takes about twice the additions and a tanh for every number, and its sums must be \
                   held before they are bent, while a product of matrices adds up as it goes." }
            </p>
            <label class="threshold">
                <span>{ "Head size D" }</span>
                <input
                    type="range"
                    min="1"
                    max={LARGEST.max(own).to_string()}
                    value={size.to_string()}
                    oninput={on_input}
                />
                <output class="number">{ size }</output>
            </label>
            <table class="both">
                <caption>
                    { format!(
                        "One block, {heads} heads, {tokens} tokens: {} pairs of a query and a key that it sees",
                        count(pairs as u64)
                    ) }
                </caption>
                <thead>
                    <tr>
                        <td></td>
                        <th scope="col">{ "dot product" }</th>
                        <th scope="col">{ "additive" }</th>
                    </tr>
                </thead>
                <tbody class="number">
                    for ((label, dot), (_, additive)) in dot.into_iter().zip(additive) {
                        <tr>
                            <th scope="row">{ label }</th>
                            <td>{ count(dot as u64) }</td>
                            <td>{ count(additive as u64) }</td>
                        </tr>
                    }
                </tbody>
            </table>
        </>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pass over all pairs in plain loops, each step counted as it is done.
    fn counted(tokens: usize, size: usize, additive: bool) -> Cost {
        let mut cost = Cost {
            multiplications: 0,
            additions: 0,
            divisions: 0,
            tanh: 0,
            held: 0,
        };
        for query in 0..tokens {
            for _key in 0..=query {
                for d in 0..size {
                    if additive {
                        cost.additions += 1;
                        cost.tanh += 1;
                        cost.held += 1;
                    }
                    cost.multiplications += 1;
                    cost.additions += usize::from(d > 0);
                }
                cost.divisions += usize::from(!additive);
            }
        }
        cost
    }

    #[test]
    fn the_costs_are_those_of_the_plain_loops() {
        for (tokens, size) in [(1, 1), (5, 8), (23, 3)] {
            let pairs = tokens * (tokens + 1) / 2;
            assert_eq!(Cost::of_dot(pairs, size), counted(tokens, size, false));
            assert_eq!(Cost::of_additive(pairs, size), counted(tokens, size, true));
        }
    }
}
