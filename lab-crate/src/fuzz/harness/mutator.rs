//! Changes inputs at random: bits, numbers at the edges of their types, pieces cut out, doubled, swapped, put in.

/// Numbers that lengths and counts go wrong at.
const EDGES: [u64; 14] = [
    0,
    1,
    2,
    0x7f,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    1 << 40,
    1 << 60,
    i64::MAX as u64,
    u64::MAX - 1,
    u64::MAX,
];

/// Makes inputs out of a corpus; the same ones every time.
pub(super) struct Mutator<'a> {
    corpus: &'a [Vec<u8>],
    tokens: &'a [&'a [u8]],
    longest: usize,
    state: u64,
}

impl<'a> Mutator<'a> {
    /// Of a corpus that is not empty.
    pub(super) fn new(corpus: &'a [Vec<u8>], tokens: &'a [&'a [u8]], longest: usize) -> Self {
        Self { corpus, tokens, longest, state: 1 }
    }

    /// The next input.
    pub(super) fn next(&mut self) -> Vec<u8> {
        let mut input = self.one().to_vec();
        for _ in 0..=self.below(4) {
            self.change(&mut input);
        }
        input.truncate(self.longest);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let from = self.below(input.len() + 1);
        let to = from + self.below((input.len() - from).min(64) + 1);
        match self.below(9) {
            0 if from < input.len() => input[from] ^= 1 << self.below(8),
            1 if from < input.len() => input[from] = self.below(256) as u8,
            2 => self.number(input, from),
            3 => drop(input.drain(from..to)),
            4 => {
                let piece = input[from..to].repeat(1 + self.below(4));
                input.splice(to..to, piece);
            }
            5 if !self.tokens.is_empty() => {
                let token = self.tokens[self.below(self.tokens.len())];
                let end = if self.below(2) == 0 { from } else { to };
                input.splice(from..end, token.iter().copied());
            }
            6 => self.digits(input, from),
            7 => {
                let other = self.one();
                let start = self.below(other.len() + 1);
                input.splice(from.., other[start..].iter().copied());
            }
            _ => input.truncate(from.max(1)),
        }
    }

    /// Writes a number over the bytes at `from`, of 1 to 8 bytes, in either order.
    fn number(&mut self, input: &mut [u8], from: usize) {
        let width = 1 << self.below(4);
        let number = EDGES[self.below(EDGES.len())];
        let mut bytes = number.to_le_bytes();
        let bytes = &mut bytes[..width];
        if self.below(2) == 0 {
            bytes.reverse();
        }
        input[from..].iter_mut().zip(bytes).for_each(|(old, new)| *old = *new);
    }

    /// Puts another number in the place of the first one in decimal digits from `from` on.
    fn digits(&mut self, input: &mut Vec<u8>, from: usize) {
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        let Some(start) = input[from..].iter().position(is_digit) else { return };
        let start = from + start;
        let length = input[start..].iter().take_while(|byte| is_digit(byte)).count();
        let number = EDGES[self.below(EDGES.len())].to_string();
        input.splice(start..start + length, number.into_bytes());
    }

    /// One of the corpus.
    fn one(&mut self) -> &'a [u8] {
        &self.corpus[self.below(self.corpus.len())]
    }

    /// A number below `n`, which is not 0 (SplitMix64: Steele, Lea, Flood, 2014).
    fn below(&mut self, n: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}
