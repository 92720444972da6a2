//! Photos as baseline JPEG (ITU-T T.81): a figure of photos is a third of its size as PNG.
//!
//! Not here: reading JPEG. Full colour resolution (4:4:4), quality 85 of the usual scale, the tables of Annex K; the
//! Huffman tables of luminance serve the colours too. Read next: `picture.rs`, the only user.

use super::picture::Picture;

/// The place of the i-th coefficient of the file in a block of 8 x 8 (figure A.6).
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Steps of the coefficients, brightness and colours (tables K.1, K.2), times 0.3 for quality 85, in zigzag order.
const STEPS: [[u8; 64]; 2] = [
    [
        5, 3, 4, 4, 4, 3, 5, 4, 4, 4, 5, 5, 5, 6, 7, 12, 8, 7, 7, 7, 7, 15, 11, 11, 9, 12, 17, 15,
        18, 18, 17, 15, 17, 17, 19, 22, 28, 23, 19, 20, 26, 21, 17, 17, 24, 33, 24, 26, 29, 29, 31,
        31, 31, 19, 23, 34, 36, 34, 30, 36, 28, 30, 31, 30,
    ],
    [
        5, 5, 5, 7, 6, 7, 14, 8, 8, 14, 30, 20, 17, 20, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
        30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
        30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ],
];

/// How many Huffman codes have 1, 2, ... 16 bits, and the symbols in that order (tables K.3, K.5).
const DC: ([u8; 16], [u8; 12]) =
    ([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
const AC: ([u8; 16], [u8; 162]) = (
    [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d],
    [
        0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61,
        0x07, 0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52,
        0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25,
        0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45,
        0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64,
        0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83,
        0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
        0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6,
        0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3,
        0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8,
        0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
    ],
);

/// The file of a picture; its sides are below 65,536.
pub(super) fn encode(picture: &Picture) -> Vec<u8> {
    let mut bytes = header(picture.width as u16, picture.height as u16);
    let mut bits = Bits { bytes: Vec::new(), kept: 0, count: 0 };
    let (dc, ac, cosines) = (codes(&DC.0, &DC.1), codes(&AC.0, &AC.1), cosines());
    let mut last = [0; 3];
    for top in (0..picture.height).step_by(8) {
        for left in (0..picture.width).step_by(8) {
            for (channel, last) in last.iter_mut().enumerate() {
                let block = block(picture, left, top, channel);
                let steps = &STEPS[channel.min(1)];
                let numbers = transformed(&block, &cosines, steps);
                bits.block(&numbers, *last, &dc, &ac);
                *last = numbers[0];
            }
        }
    }
    bytes.extend(bits.finish());
    bytes.extend([0xff, 0xd9]);
    bytes
}

/// Everything before the coded blocks.
fn header(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    let mut segment = |marker: u8, body: &[u8]| {
        bytes.extend([0xff, marker]);
        bytes.extend((body.len() as u16 + 2).to_be_bytes());
        bytes.extend(body);
    };
    segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    for (i, steps) in (0u8..).zip(&STEPS) {
        segment(0xdb, &[&[i][..], steps].concat());
    }
    let size = [height.to_be_bytes(), width.to_be_bytes()].concat();
    segment(0xc0, &[&[8][..], &size, &[3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1]].concat());
    segment(0xc4, &[&[0x00][..], &DC.0, &DC.1].concat());
    segment(0xc4, &[&[0x10][..], &AC.0, &AC.1].concat());
    segment(0xda, &[3, 1, 0, 2, 0, 3, 0, 0, 63, 0]);
    bytes
}

/// The 8 x 8 numbers of a channel (0 brightness, 1 blue, 2 red) from -128 to 127; past the edge the last pixel goes on.
fn block(picture: &Picture, left: usize, top: usize, channel: usize) -> [f32; 64] {
    // Red, green, blue to YCbCr (JFIF 1.02).
    let weights =
        [[0.299, 0.587, 0.114], [-0.168_736, -0.331_264, 0.5], [0.5, -0.418_688, -0.081_312]]
            [channel];
    let shift = if channel == 0 { 128.0 } else { 0.0 };
    std::array::from_fn(|i| {
        let x = (left + i % 8).min(picture.width - 1);
        let y = (top + i / 8).min(picture.height - 1);
        let pixel = picture.pixels[y * picture.width + x].map(f32::from);
        pixel[0] * weights[0] + pixel[1] * weights[1] + pixel[2] * weights[2] - shift
    })
}

/// `cosines[u][x]`, the basis of the cosine transform.
fn cosines() -> [[f32; 8]; 8] {
    std::array::from_fn(|u| {
        let scale = if u == 0 { 0.125f64.sqrt() } else { 0.5 };
        std::array::from_fn(|x| {
            let angle = ((2 * x + 1) * u) as f64 * std::f64::consts::PI / 16.0;
            (scale * libm::cos(angle)) as f32
        })
    })
}

/// The cosine transform of a block in whole steps, in zigzag order.
fn transformed(block: &[f32; 64], cosines: &[[f32; 8]; 8], steps: &[u8; 64]) -> [i32; 64] {
    let rows: [f32; 64] = std::array::from_fn(|i| {
        (0..8).map(|x| block[i / 8 * 8 + x] * cosines[i % 8][x]).sum::<f32>()
    });
    std::array::from_fn(|i| {
        let (v, u) = (ZIGZAG[i] / 8, ZIGZAG[i] % 8);
        let number: f32 = (0..8).map(|y| rows[y * 8 + u] * cosines[v][y]).sum();
        (number / f32::from(steps[i])).round() as i32
    })
}

/// Code and length of every symbol (Annex C).
fn codes(counts: &[u8; 16], symbols: &[u8]) -> [(u32, u32); 256] {
    let mut table = [(0, 0); 256];
    let mut symbols = symbols.iter();
    let mut code = 0;
    for (length, &count) in (1..).zip(counts) {
        for &symbol in symbols.by_ref().take(usize::from(count)) {
            table[usize::from(symbol)] = (code, length);
            code += 1;
        }
        code <<= 1;
    }
    table
}

/// Bits on their way into bytes.
struct Bits {
    bytes: Vec<u8>,
    kept: u64,
    count: u32,
}

impl Bits {
    fn put(&mut self, (code, length): (u32, u32)) {
        self.kept = self.kept << length | u64::from(code);
        self.count += length;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.kept >> self.count) as u8;
            self.bytes.push(byte);
            if byte == 0xff {
                self.bytes.push(0);
            }
        }
    }

    /// The coded block: the first number as a step from the last block's, the others as runs of zeros.
    fn block(
        &mut self,
        numbers: &[i32; 64],
        last: i32,
        dc: &[(u32, u32); 256],
        ac: &[(u32, u32); 256],
    ) {
        let (size, rest) = split(numbers[0] - last);
        self.put(dc[size as usize]);
        self.put((rest, size));
        let mut zeros = 0;
        for &number in &numbers[1..] {
            if number == 0 {
                zeros += 1;
                continue;
            }
            for _ in 0..zeros / 16 {
                self.put(ac[0xf0]);
            }
            let (size, rest) = split(number);
            self.put(ac[(zeros % 16) << 4 | size as usize]);
            self.put((rest, size));
            zeros = 0;
        }
        if zeros > 0 {
            self.put(ac[0]);
        }
    }

    /// All bytes; the last one is filled with ones.
    fn finish(mut self) -> Vec<u8> {
        self.put((0x7f, 7));
        self.bytes
    }
}

/// The number of bits of a number and those bits; a negative one is told by a leading zero (tables F.1, F.2).
fn split(number: i32) -> (u32, u32) {
    let size = 32 - number.unsigned_abs().leading_zeros();
    let rest = if number < 0 { number - 1 } else { number };
    (size, rest as u32 & ((1 << size) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Pillow opens the file of this picture (17 x 9, so that blocks are cut): differences of at most 7 of 255, 1.27 in
    // the mean; the file that Pillow writes itself has 7 and 1.31:
    //   b = open("tiny.jpg", "rb").read(); im = np.asarray(Image.open(io.BytesIO(b))).astype(int)
    //   want = np.array([[[x * 15, y * 28, x * y * 2] for x in range(17)] for y in range(9)])
    //   print(abs(im - want).max(), abs(im - want).mean()); i = b.index(b"\xff\xda"); print(b[i + 12:].hex())
    #[test]
    fn the_bytes_are_those_that_pillow_could_open() {
        let pixel = |i: usize| [i % 17 * 15, i / 17 * 28, (i % 17) * (i / 17) * 2].map(|n| n as u8);
        let picture = Picture { width: 17, height: 9, pixels: (0..17 * 9).map(pixel).collect() };
        let bytes = encode(&picture);
        let start = bytes.windows(2).position(|pair| pair == [0xff, 0xda]).map_or(0, |i| i + 12);
        let scan: String = bytes[start..].iter().map(|byte| format!("{byte:02x}")).collect();
        let recorded = "3f00f2cf0ffc30ddb7fd1ff4ae423d57cfef589a378b718f9abd0fc3ff000a376dff0046ff00c76a \
             ec76fe7d7ace8de32c63e6ae9bfe1527fd3aff00e3b53ff637b5765ff09a7fb55a7e19fe1ae0b4be \
             d5f0e691dabd47c33fc35e8da5f6af4fd23b536be59af4eaffd9";
        assert_eq!(scan, recorded.replace(' ', ""));
        assert_eq!(bytes.len(), 511);
    }

    #[test]
    fn numbers_and_their_bits() {
        // Table F.1 of the standard: 5 is "101" of size 3, -5 is "010"; -1 is "0" of size 1.
        assert_eq!([split(0), split(5), split(-5), split(-1)], [(0, 0), (3, 5), (3, 2), (1, 0)]);
        // Table K.5: zeros to the end "1010", sixteen zeros "11111111001".
        let ac = codes(&AC.0, &AC.1);
        assert_eq!((ac[0], ac[0xf0]), ((0b1010, 4), (0b111_1111_1001, 11)));
    }
}
